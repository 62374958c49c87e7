# One node: its settings, its process, whether it answers; sourced by deploy/broker.sh.
# A node has a folder of its own, with settings, data, log and pid file.

# The pid of a node's process. A pid file alone proves nothing, because pids are used again: the
# process must be a Kafka that was started with this folder's settings.
running_pid() { # folder
  local pid args=()
  pid=$(cat "$1/broker.pid" 2>/dev/null) || return 1
  [[ $pid =~ ^[0-9]+$ && -r /proc/$pid/cmdline ]] || return 1
  mapfile -d '' args 2>/dev/null <"/proc/$pid/cmdline" || return 1
  ((${#args[@]} >= 2)) || return 1
  [[ ${args[-2]} == kafka.Kafka && ${args[-1]} == "$1/server.properties" ]] || return 1
  say "$pid"
}

# The address at which clients reach a listener of a node: PLAINTEXT, SASL_SSL or SSL.
address() { # folder, listener
  sed -n "s!^advertised\.listeners=\(.*,\)\?$2://\([^,]*\).*!\2!p" "$1/server.properties"
}

listening() { (exec 3<>"/dev/tcp/${1%:*}/${1##*:}") 2>/dev/null; } # host:port

# Written whenever no node of the cluster runs, because the ports may be others then. Paths are
# relative to the folder: what is in its name (spaces, commas, umlauts) then means nothing to the
# properties' syntax.
write_settings() { # folder, id, voters, controller port, client ports ...
  local listeners=PLAINTEXT://127.0.0.1:$5 copies=$((NODES < 3 ? NODES : 3))
  ((SECURED == 0)) || listeners+=,SASL_SSL://127.0.0.1:$6,SSL://127.0.0.1:$7
  cat >"$1/server.properties" <<SETTINGS
# Written by deploy/broker.sh at each start; changes are lost.
process.roles=broker,controller
node.id=$2
controller.quorum.voters=$3
listeners=$listeners,CONTROLLER://127.0.0.1:$4
advertised.listeners=$listeners
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,SASL_SSL:SASL_SSL,SSL:SSL,CONTROLLER:PLAINTEXT
controller.listener.names=CONTROLLER
log.dirs=data
# A node that is lost must not stop writing, and one node can hold one copy.
default.replication.factor=$copies
min.insync.replicas=$((copies / 2 + 1))
offsets.topic.replication.factor=$copies
transaction.state.log.replication.factor=$copies
transaction.state.log.min.isr=$((copies / 2 + 1))
share.coordinator.state.topic.replication.factor=$copies
share.coordinator.state.topic.min.isr=$((copies / 2 + 1))
# Nobody else will join a group: do not wait for them.
group.initial.rebalance.delay.ms=0
# A misspelt topic is an error, and data stays until it is deleted.
auto.create.topics.enable=false
log.retention.ms=-1
num.partitions=8
SETTINGS
  ((SECURED == 0)) || secured_settings >>"$1/server.properties"
}

format_once() { # folder, cluster id
  [[ -f $1/data/meta.properties ]] && return
  local users=()
  ((SECURED == 0)) || mapfile -t users < <(secured_users)
  (kafka "$1" kafka.tools.StorageTool format -t "$2" -c "$1/server.properties" "${users[@]}") >"$1/broker.log" 2>&1 ||
    fail "$1" "could not format $1/data"
}

# Starts a node's process and leaves its pid in the folder.
launch() { # folder
  [[ ! -f $1/broker.log ]] || mv -f "$1/broker.log" "$1/broker.log.1"
  : >"$1/broker.log"
  kafka "$1" kafka.Kafka "$1/server.properties" >"$1/broker.log" 2>&1 &
  say "$!" >"$1/broker.pid"
}

# 0: answers; 1: ended by itself; 2: still silent after READY_SECONDS.
wait_ready() { # folder
  local end=$((SECONDS + READY_SECONDS)) pid
  pid=$(cat "$1/broker.pid")
  while ((SECONDS < end)); do
    if grep -q 'Kafka Server started' "$1/broker.log" && listening "$(address "$1" PLAINTEXT)"; then return 0; fi
    kill -0 "$pid" 2>/dev/null || return 1
    sleep 0.1
  done
  return 2
}

ask_to_end() { # folder
  local pid
  pid=$(running_pid "$1") || return 0
  # CONT as well, because a paused process (SIGSTOP) would not see TERM.
  kill -TERM "$pid" || true
  kill -CONT "$pid" || true
  say "stopping (pid $pid); the data stays in $1"
}

# Kills a node that does not come up; at once, so that its log ends with what it was doing.
abandon() { # folder
  local pid
  if pid=$(running_pid "$1"); then kill -9 "$pid" || true; fi
  rm -f "$1/broker.pid"
}

# Waits until a node has ended, and helps after STOP_SECONDS.
wait_ended() { # folder, SECONDS at which patience ends
  local pid
  if pid=$(running_pid "$1"); then
    while running_pid "$1" >/dev/null && ((SECONDS < $2)); do sleep 0.1; done
    if running_pid "$1" >/dev/null; then
      say "no end within $STOP_SECONDS s: kill -9"
      kill -9 "$pid" || true
      while running_pid "$1" >/dev/null; do sleep 0.1; done
    fi
  fi
  rm -f "$1/broker.pid"
}
