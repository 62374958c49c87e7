# What both deploy/demo.sh and tests/run.sh need on a fresh Debian; sourced by them, not run.

# Reads lines `program package` and installs, by apt-get, the packages whose program is missing, and
# those given as arguments. Says what it does.
install_missing() {
  local packages=("$@") sudo=() program wanted
  while read -r program wanted; do
    command -v "$program" >/dev/null || packages+=("$wanted")
  done
  if ((${#packages[@]} == 0)); then
    echo "all packages are there"
    return
  fi
  echo "missing, to be installed by apt-get: ${packages[*]}"
  command -v apt-get >/dev/null || { echo "no apt-get here: install their like by hand" >&2; return 1; }
  ((EUID == 0)) || sudo=(sudo)
  ((EUID == 0)) || command -v sudo >/dev/null || { echo "neither root nor sudo: have them installed" >&2; return 1; }
  "${sudo[@]}" apt-get -q -o Acquire::Retries=3 update || return 1
  "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o Acquire::Retries=3 \
    install --no-install-recommends "${packages[@]}"
}

# What a build needs, and the packages given as arguments.
install_for_build() {
  local packages=("$@")
  [[ -e /usr/include/stdio.h ]] || packages+=(build-essential)
  pkg-config --exists openssl 2>/dev/null || packages+=(libssl-dev)
  pkg-config --exists zlib 2>/dev/null || packages+=(zlib1g-dev)
  install_missing "${packages[@]}" <<'EOF' || return 1
gcc gcc
g++ g++
make make
cmake cmake
pkg-config pkg-config
EOF
  rust_is_new_enough
}

# Checks for the Rust that Cargo.toml asks for. It is not installed here: rustup is the user's choice.
rust_is_new_enough() {
  local wanted found
  command -v cargo >/dev/null || PATH=$PATH:$HOME/.cargo/bin # a shell that read no profile
  wanted=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
  found=$(cargo --version 2>/dev/null | cut -d ' ' -f 2) || true
  if [[ -z $found || $(printf '%s\n' "$wanted" "$found" | sort -V | head -n 1) != "$wanted" ]]; then
    echo "Rust $wanted or later is needed (found: ${found:-none}). Install rustup (https://rustup.rs), then:" >&2
    echo "  rustup toolchain install $wanted --component clippy --component rustfmt && rustup default $wanted" >&2
    return 1
  fi
}

# Where cargo builds, for this checkout and any other: a second checkout then builds warm.
use_target_folder() {
  CARGO_TARGET_DIR=$(realpath -m -- "${CARGO_TARGET_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/switchboard/target}")
  export CARGO_TARGET_DIR
}
