#!/usr/bin/env bash
# One real Apache Kafka node (KRaft, broker and controller in one process) on loopback, for
# development and tests. No containers: Java runs the jars that kafka/pom.xml names.
set -euo pipefail

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
POM=$HERE/kafka/pom.xml
VERSION=$(sed -n 's:.*<kafka\.version>\(.*\)</kafka\.version>.*:\1:p' "$POM")
READY_SECONDS=60 STOP_SECONDS=20

usage() {
  cat <<EOF
usage: deploy/broker.sh start|stop|status [--folder DIR] [--port N]

  start    start Apache Kafka $VERSION on 127.0.0.1 and wait until it answers
  stop     end the broker of this folder; its data stays
  status   say whether it runs: exit 0 running, 3 stopped

  --folder DIR  data, settings, log and pid file (default ./switchboard-data/kafka)
  --port N      client port (default 9092; 0 picks a free one, a new one at each start)

The last line that start prints is: bootstrap 127.0.0.1:PORT
Environment: KAFKA_HEAP, the most heap Java may take (default 1g);
XDG_CACHE_HOME, where the jars are kept (default ~/.cache).
EOF
}

say() { printf '%s\n' "$@"; } # each argument is a line
die() { printf 'broker.sh: %s\n' "$*" >&2; exit 1; }
wrong_usage() { printf 'broker.sh: %s (see --help)\n' "$*" >&2; exit 2; }
fail() { # like die, with what the broker said last
  printf 'broker.sh: %s; the end of %s:\n' "$1" "$FOLDER/broker.log" >&2
  tail -n 20 "$FOLDER/broker.log" >&2
  exit 1
}

# The pid of this folder's broker. A pid file alone proves nothing, because pids are used
# again: the process must be a Kafka that was started with this folder's settings.
running_pid() {
  local pid args=()
  pid=$(cat "$FOLDER/broker.pid" 2>/dev/null) || return 1
  [[ $pid =~ ^[0-9]+$ && -r /proc/$pid/cmdline ]] || return 1
  mapfile -d '' args 2>/dev/null <"/proc/$pid/cmdline" || return 1
  ((${#args[@]} >= 2)) || return 1
  [[ ${args[-2]} == kafka.Kafka && ${args[-1]} == "$FOLDER/server.properties" ]] || return 1
  say "$pid"
}

client_port() { sed -n 's/^advertised\.listeners=.*:\([0-9]*\)$/\1/p' "$FOLDER/server.properties"; }

listening() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# Below 32768, where the kernel takes the ports of outgoing connections from.
free_port() {
  local port
  while port=$((20000 + SRANDOM % 12000)) && listening "$port"; do :; done
  say "$port"
}

check_programs() {
  local major missing=()
  major=$(java -version 2>&1 | sed -n 's/.* version "\([0-9]*\).*/\1/p') || true
  ((${major:-0} >= 17)) || missing+=("Java 17 or later (Debian: openjdk-17-jre-headless)")
  # Maven is of use only until the jars are there.
  [[ -d $LIBS ]] || command -v mvn >/dev/null || missing+=("Maven (Debian: maven)")
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

# Written at each start, because the ports may be others. Paths are relative to the folder:
# what is in its name (spaces, commas, umlauts) then means nothing to the properties' syntax.
write_settings() { # client port, controller port
  cat >"$FOLDER/server.properties" <<EOF
# Written by deploy/broker.sh at each start; changes are lost.
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:$2
listeners=PLAINTEXT://127.0.0.1:$1,CONTROLLER://127.0.0.1:$2
advertised.listeners=PLAINTEXT://127.0.0.1:$1
controller.listener.names=CONTROLLER
log.dirs=data
# One node can hold one copy.
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
# Nobody else will join a group: do not wait for them.
group.initial.rebalance.delay.ms=0
# A misspelt topic is an error, and data stays until it is deleted.
auto.create.topics.enable=false
log.retention.ms=-1
num.partitions=8
EOF
}

# Runs a class of the jars, in the folder; its messages go where the caller sends them.
# Files 8 and 9 are this script's locks, which a broker must not inherit.
kafka() {
  cd "$FOLDER"
  exec setsid java "-Xmx${KAFKA_HEAP:-1g}" -Dorg.apache.logging.log4j.level=INFO -cp "$LIBS/*" "$@" </dev/null 8>&- 9>&-
}

format_once() {
  [[ -f $FOLDER/data/meta.properties ]] && return
  local id # 16 random bytes in base64 without its signs: a leading '-' would read as an option
  id=$(head -c 16 /dev/urandom | base64 | tr '+/' 'ab' | cut -c 1-22)
  (kafka kafka.tools.StorageTool format -t "$id" -c "$FOLDER/server.properties") >"$FOLDER/broker.log" 2>&1 ||
    fail "could not format $FOLDER/data"
}

# 0: answers; 1: ended by itself; 2: still silent after READY_SECONDS.
wait_ready() {
  local end=$((SECONDS + READY_SECONDS))
  while ((SECONDS < end)); do
    if grep -q 'Kafka Server started' "$FOLDER/broker.log" && listening "$(client_port)"; then return 0; fi
    kill -0 "$1" 2>/dev/null || return 1
    sleep 0.1
  done
  return 2
}

start() {
  local pid port try result
  check_programs
  fetch_jars
  mkdir -p "$FOLDER"
  # Two starts of one folder at the same time: the second waits, and then finds it running.
  exec 9>"$FOLDER/lock"
  flock 9
  if pid=$(running_pid); then
    wait_ready "$pid" || fail "the broker (pid $pid) runs but does not answer"
    say "already running (pid $pid)" "bootstrap 127.0.0.1:$(client_port)"
    return
  fi
  for try in 1 2 3; do
    port=$PORT
    ((port)) || port=$(free_port)
    listening "$port" && die "port $port is taken by another program (ss -ltnp 'sport = :$port' names it); stop that, or choose another port by --port N, or any free one by --port 0"
    write_settings "$port" "$(free_port)"
    format_once
    [[ ! -f $FOLDER/broker.log ]] || mv -f "$FOLDER/broker.log" "$FOLDER/broker.log.1"
    : >"$FOLDER/broker.log"
    kafka kafka.Kafka "$FOLDER/server.properties" >"$FOLDER/broker.log" 2>&1 &
    pid=$!
    say "$pid" >"$FOLDER/broker.pid"
    result=0
    wait_ready "$pid" || result=$?
    if ((result == 0)); then
      say "Apache Kafka $VERSION runs (pid $pid); log: $FOLDER/broker.log" "bootstrap 127.0.0.1:$port"
      return
    fi
    kill -9 "$pid" 2>/dev/null || true
    rm -f "$FOLDER/broker.pid"
    ((result == 1)) || fail "no answer within $READY_SECONDS s"
    # Somebody may have taken a free port between the look and the start: look again.
    if ((try == 3)) || ! grep -q 'Address already in use' "$FOLDER/broker.log"; then fail "the broker ended at once"; fi
  done
}

stop() {
  local pid end=$((SECONDS + STOP_SECONDS))
  if pid=$(running_pid); then
    # CONT as well, because a paused process (SIGSTOP) would not see TERM.
    kill -TERM "$pid" || true
    kill -CONT "$pid" || true
    while running_pid >/dev/null && ((SECONDS < end)); do sleep 0.1; done
    if running_pid >/dev/null; then
      say "no end within $STOP_SECONDS s: kill -9"
      kill -9 "$pid" || true
      while running_pid >/dev/null; do sleep 0.1; done
    fi
    say "stopped (pid $pid); the data stays in $FOLDER"
  else
    say "not running"
  fi
  rm -f "$FOLDER/broker.pid"
}

status() {
  local pid
  pid=$(running_pid) || { say "stopped"; exit 3; }
  say "running (pid $pid)" "bootstrap 127.0.0.1:$(client_port)"
}

COMMAND="" FOLDER=./switchboard-data/kafka PORT=9092
while (($#)); do
  case $1 in
  -h | --help) usage; exit 0 ;;
  start | stop | status) COMMAND=$1; shift ;;
  --folder) [[ -n ${2:-} ]] || wrong_usage "--folder needs a folder"; FOLDER=$2; shift 2 ;;
  --port)
    [[ ${2:-} =~ ^[0-9]{1,5}$ ]] || wrong_usage "--port needs a number from 0 to 65535"
    PORT=$((10#$2)); shift 2 ;;
  *) wrong_usage "unknown argument: $1" ;;
  esac
done
[[ -n $COMMAND ]] || { usage >&2; exit 2; }
((PORT <= 65535)) || wrong_usage "--port needs a number from 0 to 65535"
FOLDER=$(realpath -m -- "$FOLDER")
LIBS=$(realpath -m -- "${XDG_CACHE_HOME:-$HOME/.cache}")/switchboard/kafka-$VERSION/libs
"$COMMAND"
