#!/usr/bin/env bash
# Shows the product at work on a machine that has nothing. See --help.
set -euo pipefail

usage() {
  cat <<'EOF'
usage: deploy/demo.sh [--once] [--folder FOLDER] [--listen ADDRESS] [--months N] ...

Installs by apt-get what a build needs (as root or by sudo), builds, and runs `switchboard demo`:
24 months of a made-up council are imported from a file, its days go on through a Kafka broker
inside the process, the numbers are measured again and again, and a page shows them. Neither Kafka
nor data is needed for that; the first build takes about a quarter of an hour on two
cores.

  --once           end when the numbers are there; exit 0 only then
  --folder FOLDER  where its lake and keys are kept (default switchboard-data/demo)
  --listen ADDRESS address of the page (default 127.0.0.1:8080)
Other options go to `switchboard demo`, whose --help tells them.

Read from the environment:
  CARGO_TARGET_DIR  where to build (default ~/.cache/switchboard/target)
EOF
}

for argument in "$@"; do
  case $argument in -h | --help) usage; exit 0 ;; esac
done

here=$PWD
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source deploy/prerequisites.sh
echo "== prerequisites"
install_for_build
use_target_folder
echo "== build, into $CARGO_TARGET_DIR (the first one takes about a quarter of an hour)"
# The whole workspace's features, so that the tests' build and this one are the same.
cargo build --workspace --bin switchboard --locked
echo "== demonstration"
cd "$here"
exec "$CARGO_TARGET_DIR/debug/switchboard" demo "$@"
