# What reads the lake in the tests beside our own code; sourced by tests/run.sh and tests/soak.sh, not run.

# Fetches what tests/python names into a folder outside the checkout, one for each state of its list.
python() {
  local list folder made try
  list=$({ python3 --version && cat tests/python/requirements.txt; } | sha256sum | cut -c 1-16)
  folder=${XDG_CACHE_HOME:-$HOME/.cache}/switchboard/python-$list
  if [[ ! -d $folder ]]; then
    made=$folder.$$ # a rename puts it in its place, so that a run beside this one never sees half of it
    python3 -m venv "$made" || return 1
    for try in 1 2 3; do
      "$made/bin/python" -m pip install --quiet --disable-pip-version-check --no-input \
        -r tests/python/requirements.txt && mv -T "$made" "$folder" && break
      [[ ! -d $folder ]] || break
      echo "try $try: pip could not fetch what tests/python/requirements.txt names" >&2
      sleep 5
    done
    rm -rf "$made"
  fi
  [[ -d $folder ]] || return 1
  echo "packages in $folder"
  export SWITCHBOARD_TEST_PYTHON=$folder/bin/python
}
