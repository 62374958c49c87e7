#!/usr/bin/env bash
# Looks longer for what tests/run.sh looks for in a few minutes: see --help.
set -euo pipefail

usage() {
  cat <<'EOF'
usage: tests/faults.sh [--seeds N] [NAME ...]

Builds, and tries to have an event lost or doubled: the simulation of the commit protocol with
10,000 seeds, then real processes killed at each named point with N seeds each (default 10), paused
members, storms, lost brokers; and N random councils are refreshed and compared with a rebuild and
with the oracle. With a NAME, only the tests of faults whose name contains one; `simulation` and
`refreshes` are the names of the other two. Exit 0 only if all of them passed.

Read from the environment:
  CARGO_TARGET_DIR   where to build (default ~/.cache/switchboard/target)
  SWITCHBOARD_SEEDS  seeds of the simulation instead of 10000
  SWITCHBOARD_SEED   this seed alone, in the simulation and at each named point: what failed, again
EOF
}

seeds=10
names=()
while (($#)); do
  case $1 in
  -h | --help) usage; exit 0 ;;
  --seeds) [[ ${2:-} =~ ^[1-9][0-9]*$ ]] || { echo "faults.sh: --seeds needs a number above 0" >&2; exit 2; }; seeds=$2; shift 2 ;;
  -*) echo "faults.sh: unknown option: $1 (see --help)" >&2; exit 2 ;;
  *) names+=("$1"); shift ;;
  esac
done

exec </dev/null
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source deploy/prerequisites.sh
use_target_folder
export SWITCHBOARD_BIN=$CARGO_TARGET_DIR/debug/switchboard
log=$(mktemp)
trap 'rm -f "$log"' EXIT

prerequisites() {
  install_for_build "$@" || return 1
  install_missing <<'EOF'
java openjdk-17-jre-headless
mvn maven
EOF
}

# Runs tests; their output is kept for the count at the end.
run() { # seeds, what cargo is told ...
  local count=$1
  shift
  SWITCHBOARD_SEEDS=$count CARGO_TERM_COLOR=never cargo test --workspace --locked --no-fail-fast "$@" 2>&1 | tee -a "$log"
}

simulation() {
  local count=${SWITCHBOARD_SEEDS:-10000}
  echo "== simulation of the commit protocol, $count seeds"
  run "$count" --lib -- --nocapture simulation
}

processes() { # names ...
  echo "== processes and a real Kafka, $seeds seeds at each named point"
  run "$seeds" --test faults -- "$@"
}

refreshes() {
  echo "== refreshes of random councils compared with rebuilds, $seeds seeds"
  run "$seeds" --test meaning -- a_refresh_of_what_changed_is_a_rebuild
}

prerequisites || exit 1
cargo build --workspace --bin switchboard --locked
verdict=passed
if ((${#names[@]} == 0)) || [[ " ${names[*]} " == *" simulation "* ]]; then simulation || verdict=FAILED; fi
if ((${#names[@]} == 0)) || [[ " ${names[*]} " == *" refreshes "* ]]; then refreshes || verdict=FAILED; fi
if [[ "${names[*]}" != simulation ]]; then processes "${names[@]}" || verdict=FAILED; fi
ran=$(sed -n 's/^test result:.* \([0-9]*\) passed; \([0-9]*\) failed;.*/\1 \2/p' "$log" | awk '{ n += $1 + $2 } END { print n + 0 }')
if ((ran == 0)); then
  echo "no test ran: does a test's name contain '${names[*]}'?" >&2
  verdict=FAILED
fi
echo "faults: $verdict, $ran tests in $SECONDS s"
[[ $verdict == passed ]]
