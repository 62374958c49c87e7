#!/usr/bin/env bash
# Real Apache Kafka on loopback, for development and tests: one node, or three (KRaft, each broker and
# controller in one process). No containers: Java runs the jars that kafka/pom.xml names.
set -euo pipefail

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
POM=$HERE/kafka/pom.xml
VERSION=$(sed -n 's:.*<kafka\.version>\(.*\)</kafka\.version>.*:\1:p' "$POM")
READY_SECONDS=180 STOP_SECONDS=20
. "$HERE/kafka/jars.sh"
. "$HERE/kafka/node.sh"
. "$HERE/kafka/secured.sh"

usage() {
  cat <<USAGE
usage: deploy/broker.sh start|stop|status [--folder DIR] [--port N] [--nodes 3 | --secured] [--node N]

  start    start Apache Kafka $VERSION on 127.0.0.1 and wait until it answers; what runs already
           goes on, and what has died starts again at its old port
  stop     end what runs of this folder; its data stays
  status   say what runs: exit 0 all of it, 3 not all of it

  --folder DIR  data, settings, log and pid file (default ./switchboard-data/kafka)
  --port N      client port (default 9092; 0 picks free ones, new ones whenever nothing runs);
                further nodes or listeners have the ports that follow
  --nodes 3     three nodes: each record has three copies and is written when two hold it
  --secured     two more listeners, TLS with a password (SCRAM-SHA-512) and TLS with a certificate;
                who may do what is in deploy/kafka/secured.sh, the files are in DIR/secured
  --node N      start that node alone, at the ports it had, or stop it alone

A folder remembers its --nodes or --secured. The last line that start and status print is
  bootstrap 127.0.0.1:PORT[,127.0.0.1:PORT ...]
and before it stand, where they are, \`bootstrap-sasl-tls ADDRESS\`, \`bootstrap-tls ADDRESS\` and, for
each node that runs, \`node N pid PID address ADDRESS\`.
Environment: KAFKA_HEAP, the most heap each node's Java may take (default 1g);
XDG_CACHE_HOME, where the jars are kept (default ~/.cache).
USAGE
}

say() { printf '%s\n' "$@"; } # each argument is a line
die() { printf 'broker.sh: %s\n' "$*" >&2; exit 1; }
wrong_usage() { printf 'broker.sh: %s (see --help)\n' "$*" >&2; exit 2; }
fail() { # like die, with what a node said last
  printf 'broker.sh: %s; the end of %s:\n' "$2" "$1/broker.log" >&2
  tail -n 20 "$1/broker.log" >&2
  exit 1
}

# One node lives in the folder itself, several have a folder each.
node_folder() { if ((NODES == 1)); then say "$FOLDER"; else say "$FOLDER/node$1"; fi; }

# The nodes that the command is about.
chosen() { if ((NODE)); then say "$NODE"; else seq "$NODES"; fi; }

any_runs() {
  local node
  for node in $(seq "$NODES"); do
    if running_pid "$(node_folder "$node")" >/dev/null; then return 0; fi
  done
  return 1
}

# What the folder was made for; what the command line asks for must agree with it.
recall() {
  local asked_nodes=$NODES
  if [[ -d $FOLDER/node1 ]]; then
    NODES=3
  elif [[ -d $FOLDER/data ]]; then
    NODES=1
    ((SECURED == 0)) || [[ -d $FOLDER/secured ]] || die "$FOLDER was made without --secured; give it another folder"
  fi
  [[ ! -d $FOLDER/secured ]] || SECURED=1
  NODES=${NODES:-1}
  [[ $NODES == "${asked_nodes:-$NODES}" ]] || die "$FOLDER was made with --nodes $NODES; give --nodes $asked_nodes another folder"
  ((SECURED == 0 || NODES == 1)) || wrong_usage "--secured is for one node"
  ((NODE <= NODES)) || wrong_usage "there is no node $NODE of $NODES"
}

# Ports for all nodes: first the clients', then the controllers'. Free ones are sought below 32768,
# where the kernel takes the ports of outgoing connections from.
choose_ports() {
  local port clients=$((SECURED ? 3 : NODES))
  PORTS=()
  while ((${#PORTS[@]} < clients + NODES)); do
    if ((PORT && ${#PORTS[@]} < clients)); then
      port=$((PORT + ${#PORTS[@]}))
      listening "127.0.0.1:$port" && die "port $port is taken by another program (ss -ltnp 'sport = :$port' names it); stop that, or choose another port by --port N, or any free one by --port 0"
    else
      port=$((20000 + SRANDOM % 12000))
      [[ " ${PORTS[*]} " != *" $port "* ]] && ! listening "127.0.0.1:$port" || continue
    fi
    PORTS+=("$port")
  done
}

# Settings for all nodes, at new ports, and data folders for those that have none.
prepare() {
  local node folder voters="" clients=$((SECURED ? 3 : NODES)) id formatting=()
  choose_ports
  for node in $(seq "$NODES"); do voters+=${voters:+,}$node@127.0.0.1:${PORTS[clients + node - 1]}; done
  ((SECURED == 0)) || identities_once
  # 16 random bytes in base64 without its signs: a leading '-' would read as an option.
  id=$(head -c 16 /dev/urandom | base64 | tr '+/' 'ab' | cut -c 1-22)
  for node in $(seq "$NODES"); do
    folder=$(node_folder "$node")
    mkdir -p "$folder"
    write_settings "$folder" "$node" "$voters" "${PORTS[clients + node - 1]}" "${PORTS[@]:node - 1:clients}"
    format_once "$folder" "$id" &
    formatting+=($!)
  done
  for id in "${formatting[@]}"; do wait "$id" || exit 1; done
}

# Starts those of the chosen nodes that do not run and waits for all of them. What it started and
# does not come up it kills again. 1: somebody took a port between the look and the start.
launch_chosen() {
  local node folder started waited=() launched=() result=0
  for node in $(chosen); do
    folder=$(node_folder "$node")
    waited+=("$folder")
    running_pid "$folder" >/dev/null || { launch "$folder" && launched+=("$folder"); }
  done
  for folder in "${waited[@]}"; do
    wait_ready "$folder" || { result=$? && break; }
  done
  ((result)) || return 0
  for started in "${launched[@]}"; do abandon "$started"; done
  ((result == 1)) || fail "$folder" "no answer within $READY_SECONDS s"
  grep -q 'Address already in use' "$folder/broker.log" || fail "$folder" "the broker ended at once"
  return 1
}

start() {
  local try
  check_programs
  fetch_jars
  mkdir -p "$FOLDER"
  # Two starts of one folder at the same time: the second waits, and then finds it running.
  exec 9>"$FOLDER/lock"
  flock 9
  for try in 1 2 3; do
    if ((NODE)); then
      [[ -f $(node_folder "$NODE")/server.properties ]] || die "node $NODE of $FOLDER has no settings yet; start without --node first"
    elif ! any_runs; then
      prepare
    fi
    if launch_chosen; then
      ((SECURED == 0)) || rights_once
      report
      return
    fi
  done
  die "a port was taken by another program, three times"
}

# Asks all of them before it waits, so that they end at the same time.
end() { # folders of nodes ...
  local folder patience=$((SECONDS + STOP_SECONDS))
  for folder in "$@"; do ask_to_end "$folder"; done
  for folder in "$@"; do wait_ended "$folder" "$patience"; done
}

stop() {
  local node folders=()
  any_runs || say "not running"
  for node in $(chosen); do folders+=("$(node_folder "$node")"); done
  end "${folders[@]}"
}

report() {
  local node folder pid all=""
  for node in $(seq "$NODES"); do
    folder=$(node_folder "$node")
    if pid=$(running_pid "$folder"); then
      say "node $node pid $pid address $(address "$folder" PLAINTEXT) log $folder/broker.log"
    else
      say "node $node stopped"
    fi
    all+=${all:+,}$(address "$folder" PLAINTEXT)
  done
  ((SECURED == 0)) || say "bootstrap-sasl-tls $(address "$FOLDER" SASL_SSL)" "bootstrap-tls $(address "$FOLDER" SSL)"
  say "bootstrap $all"
}

status() {
  local node
  any_runs || { say "stopped"; exit 3; }
  report
  for node in $(chosen); do running_pid "$(node_folder "$node")" >/dev/null || exit 3; done
}

COMMAND="" FOLDER=./switchboard-data/kafka PORT=9092 NODES="" NODE=0 SECURED=0
while (($#)); do
  case $1 in
  -h | --help) usage; exit 0 ;;
  start | stop | status) COMMAND=$1; shift ;;
  --folder) [[ -n ${2:-} ]] || wrong_usage "--folder needs a folder"; FOLDER=$2; shift 2 ;;
  --port)
    [[ ${2:-} =~ ^[0-9]{1,5}$ ]] || wrong_usage "--port needs a number from 0 to 65535"
    PORT=$((10#$2)); shift 2 ;;
  --nodes) [[ ${2:-} == [13] ]] || wrong_usage "--nodes needs 1 or 3"; NODES=$2; shift 2 ;;
  --node) [[ ${2:-} == [123] ]] || wrong_usage "--node needs a number from 1 to 3"; NODE=$2; shift 2 ;;
  --secured) SECURED=1; shift ;;
  *) wrong_usage "unknown argument: $1" ;;
  esac
done
[[ -n $COMMAND ]] || { usage >&2; exit 2; }
((PORT <= 65535)) || wrong_usage "--port needs a number from 0 to 65535"
FOLDER=$(realpath -m -- "$FOLDER")
LIBS=$(realpath -m -- "${XDG_CACHE_HOME:-$HOME/.cache}")/switchboard/kafka-$VERSION/libs
recall
"$COMMAND"
