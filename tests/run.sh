#!/usr/bin/env bash
# The project's one test command: from a fresh Debian 12 to a verdict. See --help.
set -euo pipefail

usage() {
  cat <<'EOF'
usage: tests/run.sh [--skips-to FILE] [NAME ...]

Installs by apt-get what is missing (as root or by sudo), checks format and lint, builds, starts
a real Apache Kafka on a free loopback port, fetches what drives the browser and what else reads
the lake, and runs every test, or those whose name contains a NAME. Exit 0 only if every stage and
every test passed.

  --skips-to FILE  write the skips to FILE as well, one `SKIP name: why` a line

Read from the environment:
  CARGO_TARGET_DIR         where to build (default ~/.cache/switchboard/target: a second
                           checkout then builds warm)
  SWITCHBOARD_SHARED_DATA  folder of the shared data (default ../shared/data beside the checkout)
Set for the tests:
  SWITCHBOARD_BIN, SWITCHBOARD_SHARED_DATA   absolute paths
  SWITCHBOARD_TEST_BROKERS                   host:port of the broker; not set if none started
  SWITCHBOARD_TEST_NODE_PATH                 folder of the packages that tests/page names; not set
                                             if they could not be fetched
  SWITCHBOARD_TEST_PYTHON                    a python with the packages that tests/python names; not
                                             set if they could not be fetched
  SWITCHBOARD_SKIPS                          a test that cannot run appends to this file
                                             one line, `SKIP name: why`, and returns
EOF
}

skips_to=""
names=()
while (($#)); do
  case $1 in
  -h | --help) usage; exit 0 ;;
  --skips-to) [[ -n ${2:-} ]] || { echo "run.sh: --skips-to needs a file" >&2; exit 2; }; skips_to=$(realpath -m -- "$2"); shift 2 ;;
  -*) echo "run.sh: unknown option: $1 (see --help)" >&2; exit 2 ;;
  *) names+=("$1"); shift ;;
  esac
done

exec </dev/null
cd "$(dirname "${BASH_SOURCE[0]}")/.."
SWITCHBOARD_SHARED_DATA=$(realpath -m -- "${SWITCHBOARD_SHARED_DATA:-../shared/data}")
source deploy/prerequisites.sh
source tests/python/fetch.sh
use_target_folder
SWITCHBOARD_BIN=$CARGO_TARGET_DIR/debug/switchboard
work=$(mktemp -d)
SWITCHBOARD_SKIPS=${skips_to:-$work/skips}
export SWITCHBOARD_SHARED_DATA SWITCHBOARD_BIN SWITCHBOARD_SKIPS
unset SWITCHBOARD_TEST_BROKERS SWITCHBOARD_TEST_NODE_PATH SWITCHBOARD_TEST_PYTHON # only ever what this run has started and fetched
: >"$SWITCHBOARD_SKIPS"

clean_up() {
  deploy/broker.sh stop --folder "$work/kafka" >/dev/null || true
  rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

skip() { echo "SKIP $1: $2" | tee -a "$SWITCHBOARD_SKIPS"; }

java_is_17() {
  local major
  major=$(java -version 2>&1 | sed -n 's/.* version "\([0-9]*\).*/\1/p') && ((${major:-0} >= 17))
}

prerequisites() {
  local packages=()
  java_is_17 || packages+=(openjdk-17-jre-headless)
  python3 -c 'import ensurepip' 2>/dev/null || packages+=(python3-venv)
  install_for_build "${packages[@]}" || return 1
  install_missing <<'EOF'
mvn maven
openssl openssl
python3 python3
chromium chromium
node nodejs
npm npm
EOF
}

format() {
  if cargo fmt --version >/dev/null 2>&1; then cargo fmt --all --check; else skip format "rustfmt is missing (rustup component add rustfmt)"; fi
}

lint() {
  if cargo clippy --version >/dev/null 2>&1; then
    cargo clippy --workspace --all-targets --locked -- -D warnings
  else
    skip lint "clippy is missing (rustup component add clippy)"
  fi
}

build() { cargo build --workspace --all-targets --locked; }

broker() {
  deploy/broker.sh start --folder "$work/kafka" --port 0 | tee "$work/broker" || return 1
  SWITCHBOARD_TEST_BROKERS=$(sed -n '$s/^bootstrap //p' "$work/broker")
  export SWITCHBOARD_TEST_BROKERS
}

# Fetches what tests/page names into a folder outside the checkout, one for each state of its lock file.
browser() {
  local lock folder made try
  lock=$(sha256sum tests/page/package-lock.json | cut -c 1-16)
  folder=${XDG_CACHE_HOME:-$HOME/.cache}/switchboard/page-$lock
  if [[ ! -d $folder ]]; then
    made=$folder.$$ # a rename puts it in its place, so that a run beside this one never sees half of it
    mkdir -p "$made" && cp tests/page/package.json tests/page/package-lock.json "$made" || return 1
    for try in 1 2 3; do
      npm ci --prefix "$made" --no-audit --no-fund --loglevel=error && mv -T "$made" "$folder" && break
      [[ ! -d $folder/node_modules ]] || break
      echo "try $try: npm could not fetch what tests/page/package.json names" >&2
      sleep 5
    done
    rm -rf "$made"
  fi
  [[ -d $folder/node_modules ]] || return 1
  echo "packages in $folder"
  export SWITCHBOARD_TEST_NODE_PATH=$folder/node_modules
}

tests() {
  CARGO_TERM_COLOR=never cargo test --workspace --locked --no-fail-fast -- "${names[@]}" 2>&1 | tee "$work/log"
}

# Runs the function of that name, announced and timed; a failure is noted and does not end the run.
table="" failures=0
stage() {
  local name=$1 start=$SECONDS result=ok
  echo
  echo "== $name"
  "$name" || { result=FAILED; failures=$((failures + 1)); }
  grep -q "^SKIP $name: " "$SWITCHBOARD_SKIPS" && result=skipped
  table+=$(printf '%-15s %7d  %s' "$name" $((SECONDS - start)) "$result")$'\n'
  [[ $result != FAILED ]]
}

# The sum of one count over cargo's lines `test result: ok. 3 passed; 0 failed; 1 ignored; ...`.
count() { sed -n "s/^test result:.* \([0-9]*\) $1;.*/\1/p" "$work/log" | awk '{ n += $1 } END { print n + 0 }'; }

: >"$work/log"
stage prerequisites || exit 1
stage format || true
stage lint || true
if stage build; then
  stage broker || true # most tests need none of these three, and the run has failed in any case
  stage browser || true
  stage python || true
  stage tests || true
else
  table+=$'from broker on         -  not run: the build failed\n'
fi

# What a test skipped itself counts as passed for cargo, because it returned; here it is a skip.
awk -F ': ' '!seen[$1]++' "$SWITCHBOARD_SKIPS" >"$work/skips.once" # one line a name
cat "$work/skips.once" >"$SWITCHBOARD_SKIPS"
passed=$(($(count passed) - $(grep -vcE '^SKIP (format|lint): ' "$SWITCHBOARD_SKIPS" || true)))
failed=$(count failed)
sed -nE 's/^test (.*) \.\.\. (ignored(, .*)?)$/SKIP \1: \2/p' "$work/log" >>"$SWITCHBOARD_SKIPS"

echo
printf '%-15s %7s  %s\n' stage seconds result
printf '%s' "$table"
printf '%-15s %7d\n\n' total "$SECONDS"
if [[ -s $SWITCHBOARD_SKIPS ]]; then cat "$SWITCHBOARD_SKIPS"; else echo "no test was skipped"; fi
if ((failures == 0 && passed + failed == 0)); then
  echo "no test ran: does a test's name contain '${names[*]}'?" >&2
  failures=1
fi
# A stage that failed for another reason than a failed test is a failure of its own, so that
# `0 failed` is said only when the exit code is 0.
((failed == 0)) || failures=$((failures - 1))
failed=$((failed + failures))
echo "$passed passed, $failed failed, $(wc -l <"$SWITCHBOARD_SKIPS") skipped"
((failed == 0))
