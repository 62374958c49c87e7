#!/usr/bin/env bash
# Measures what a refresh costs: see --help.
set -euo pipefail

usage() {
  cat <<'EOF'
usage: tests/bench.sh [--dev] [--short MONTHS] [--long MONTHS] [--contacts N] [--events N] [--tries N]

Makes a release build, makes up a council, and refreshes with the same new events on a short and on a
long history. Prints side by side the time, the files opened, their size and the rows folded, and what
`refresh --from-scratch` takes instead. Of several tries from the same state the quickest counts.
Exit 0 only if `verify` finds nothing and the refresh on the long history takes less than 1.3 times as
long as that on the short one.

  --dev           measures the development build, which is many times slower; no ratio is too high
  --short MONTHS  the short history (default 3)
  --long MONTHS   the long history (default 36)
  --contacts N    calls, forms and reports in an average month (default 5000)
  --events N      new events (default 10000)
  --tries N       tries (default 3)

Read from the environment:
  CARGO_TARGET_DIR   where to build (default ~/.cache/switchboard/target)
EOF
}

profile=release options=(--release)
short=3 long=36 contacts=5000 events=10000 tries=3 most=1.3
while (($#)); do
  case $1 in
  -h | --help) usage; exit 0 ;;
  --dev) profile=debug options=() most=; shift ;;
  --short | --long | --contacts | --events | --tries)
    [[ ${2:-} =~ ^[1-9][0-9]*$ ]] || { echo "bench.sh: $1 needs a number above 0" >&2; exit 2; }
    declare "${1#--}=$2"
    shift 2
    ;;
  *) echo "bench.sh: unknown option: $1 (see --help)" >&2; exit 2 ;;
  esac
done

exec </dev/null
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source deploy/prerequisites.sh
use_target_folder
export SWITCHBOARD_BIN=$CARGO_TARGET_DIR/$profile/switchboard
export SWITCHBOARD_BENCH_SHORT_MONTHS=$short SWITCHBOARD_BENCH_LONG_MONTHS=$long
export SWITCHBOARD_BENCH_CONTACTS_PER_MONTH=$contacts SWITCHBOARD_BENCH_NEW_EVENTS=$events
export SWITCHBOARD_BENCH_TRIES=$tries
[[ -z $most ]] || export SWITCHBOARD_BENCH_MOST=$most

install_for_build || exit 1
cargo build --workspace --bin switchboard --locked "${options[@]}"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
verdict=FAILED
cargo test --workspace --locked --test acceptance -- --nocapture a_refresh_costs_what_has_changed 2>&1 | tee "$log" || true
grep -q '^test result: ok. 1 passed' "$log" && verdict=passed
echo "bench: $verdict in $SECONDS s"
[[ $verdict == passed ]]
