#!/usr/bin/env bash
# Lets the services run for long at a steady rate of events: see --help.
set -euo pipefail

usage() {
  cat <<'EOF'
usage: tests/soak.sh [--minutes N] [--release]

Builds, starts a real Apache Kafka and `switchboard ingest`, `refresh` and `maintain` as services, and
sends 5 events a second and then 500 a second, for N minutes each (default 10). Prints how long an event
took from being sent to being seen in a published epoch (half of them, 90 %, 99 %, the longest). Exit 0
only if every event was seen, every epoch was whole, Python's deltalake counted the same rows at samples,
`verify` and `audit` found nothing, and files and logs stayed few.

  --release  measures a release build of switchboard, as users run it; building it takes long

Read from the environment:
  CARGO_TARGET_DIR   where to build (default ~/.cache/switchboard/target)
  SWITCHBOARD_RATES  events a second, one rate after the other, instead of "5 500"
EOF
}

minutes=10 profile=debug options=()
while (($#)); do
  case $1 in
  -h | --help) usage; exit 0 ;;
  --minutes) [[ ${2:-} =~ ^[1-9][0-9]*$ ]] || { echo "soak.sh: --minutes needs a number above 0" >&2; exit 2; }; minutes=$2; shift 2 ;;
  --release) profile=release options=(--release); shift ;;
  *) echo "soak.sh: unknown option: $1 (see --help)" >&2; exit 2 ;;
  esac
done

exec </dev/null
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source deploy/prerequisites.sh
source tests/python/fetch.sh
use_target_folder
export SWITCHBOARD_BIN=$CARGO_TARGET_DIR/$profile/switchboard
export SWITCHBOARD_SECONDS=$((60 * minutes))

prerequisites() {
  local packages=()
  python3 -c 'import ensurepip' 2>/dev/null || packages+=(python3-venv)
  install_for_build "${packages[@]}" || return 1
  install_missing <<'EOF'
java openjdk-17-jre-headless
mvn maven
EOF
}

prerequisites || exit 1
python || { echo "soak.sh: what tests/python names could not be fetched" >&2; exit 1; }
cargo build --workspace --bin switchboard --locked "${options[@]}"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
verdict=FAILED
cargo test --workspace --locked --test acceptance -- --nocapture events_become_numbers_at_any_rate 2>&1 | tee "$log" || true
grep -q '^test result: ok. 1 passed' "$log" && verdict=passed
echo "soak: $verdict in $SECONDS s"
[[ $verdict == passed ]]
