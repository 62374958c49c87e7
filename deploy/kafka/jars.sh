# Java, Maven and the jars of Kafka; sourced by deploy/broker.sh, which gives POM, VERSION and LIBS.

check_programs() {
  local major missing=()
  major=$(java -version 2>&1 | sed -n 's/.* version "\([0-9]*\).*/\1/p') || true
  ((${major:-0} >= 17)) || missing+=("Java 17 or later (Debian: openjdk-17-jre-headless)")
  # Maven is of use only until the jars are there.
  [[ -d $LIBS ]] || command -v mvn >/dev/null || missing+=("Maven (Debian: maven)")
  ((SECURED == 0)) || command -v openssl >/dev/null || missing+=("OpenSSL (Debian: openssl)")
  ((${#missing[@]} == 0)) && return
  printf 'broker.sh: missing: %s\n' "${missing[@]}" >&2
  exit 1
}

# The jars appear under their final name only when all of them are there.
fetch_jars() {
  [[ -d $LIBS ]] && return
  local cache=${LIBS%/*} temp try why
  mkdir -p "$cache"
  exec 8>"$cache/lock"
  flock 8
  if [[ ! -d $LIBS ]]; then # another start may have fetched them meanwhile
    say "fetching the jars of Apache Kafka $VERSION by Maven (54 MB, once) ..."
    rm -rf "$cache"/fetch.*
    temp=$(mktemp -d "$cache/fetch.XXXXXX")
    for try in 1 2 3; do
      # -U: ask again for what a former try did not find. The plugin's whole name: when Maven
      # cannot reach its repository, a short one ends in a message that does not say so.
      if mvn -q -B -U -f "$POM" org.apache.maven.plugins:maven-dependency-plugin:copy-dependencies \
        -DincludeScope=runtime "-DoutputDirectory=$temp/libs" >"$temp/log" 2>&1 </dev/null; then
        break
      fi
      why=$(sed -n '/\[ERROR\] /{s/.*\[ERROR\] //p;q}' "$temp/log")
      say "try $try of 3 failed: ${why:-$(tail -n 1 "$temp/log")}" >&2
      ((try < 3)) || die "Maven could not fetch Kafka's jars; all it said is in $temp/log"
      sleep $((try * 3))
    done
    [[ -f $temp/libs/kafka_2.13-$VERSION.jar ]] || die "Maven brought no kafka_2.13-$VERSION.jar to $temp/libs"
    mv -T "$temp/libs" "$LIBS"
    rm -rf "$temp"
  fi
  exec 8>&-
}

# Runs a class of the jars in a folder; its messages go where the caller sends them.
# Files 8 and 9 are this script's locks, which a broker must not inherit.
kafka() { # folder, class, arguments ...
  cd "$1"
  exec setsid java "-Xmx${KAFKA_HEAP:-1g}" -Dorg.apache.logging.log4j.level=INFO -cp "$LIBS/*" "${@:2}" </dev/null 8>&- 9>&-
}
