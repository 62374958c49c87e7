# Listeners that ask who comes: certificates, passwords, users and their rights, for development and
# tests; sourced by deploy/broker.sh. All of it lies in FOLDER/secured, readable by the owner alone.
#
# Who comes by the plain listener may do everything. By the others come, with NAME.password for
# SASL_SSL and NAME.pem and NAME.key for SSL:
#   switchboard  may do what Switchboard does
#   onlooker     may read every topic, but in no consumer group, and write nothing
#   stranger     may do nothing
SECURED_USERS=(switchboard onlooker stranger)

# Makes a key and a certificate that the folder's own authority signs.
certify() { # name, extension line
  openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "/CN=$1" \
    -keyout "$1.key" -out "$1.request"
  openssl x509 -req -in "$1.request" -CA ca.pem -CAkey ca.key -days 3650 -extfile <(say "$2") -out "$1.pem"
  rm "$1.request"
}

make_identities() (
  umask 077
  mkdir -p "$FOLDER/secured"
  cd "$FOLDER/secured"
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 3650 \
    -subj "/CN=Switchboard development" -addext keyUsage=critical,keyCertSign -keyout ca.key -out ca.pem
  certify broker "subjectAltName=IP:127.0.0.1,DNS:localhost"
  cat broker.key broker.pem >broker.keystore.pem
  local name
  for name in "${SECURED_USERS[@]}"; do
    certify "$name" "extendedKeyUsage=clientAuth"
    openssl rand -hex 16 >"$name.password"
  done
)

identities_once() {
  [[ -f $FOLDER/secured/complete ]] && return
  make_identities >"$FOLDER/secured.log" 2>&1 || die "could not make certificates; all that openssl said is in $FOLDER/secured.log"
  : >"$FOLDER/secured/complete"
}

secured_settings() {
  cat <<'SETTINGS'
# TLS, and who comes shows a password (SASL_SSL) or a certificate (SSL).
ssl.keystore.type=PEM
ssl.keystore.location=secured/broker.keystore.pem
ssl.truststore.type=PEM
ssl.truststore.location=secured/ca.pem
listener.name.ssl.ssl.client.auth=required
ssl.principal.mapping.rules=RULE:^CN=(.*)$/$1/
sasl.enabled.mechanisms=SCRAM-SHA-512
listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
# No right that was not granted; the plain listener is the one of the node and of its master.
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:ANONYMOUS
SETTINGS
}

# Arguments for the tool that formats the data, one a line: it alone can add the first users. Their
# passwords can be seen in the process list for a second; they open a broker on loopback.
secured_users() {
  local name
  for name in "${SECURED_USERS[@]}"; do
    say --add-scram "SCRAM-SHA-512=[name=$name,password=$(<"$FOLDER/secured/$name.password")]"
  done
}

grant() { # arguments of AclCommand ...
  (kafka "$FOLDER" org.apache.kafka.tools.AclCommand --bootstrap-server "$(address "$FOLDER" PLAINTEXT)" --add "$@") \
    >>"$FOLDER/secured.log" 2>&1 || die "could not grant rights; all that Kafka said is in $FOLDER/secured.log"
}

rights_once() {
  [[ -f $FOLDER/secured/granted ]] && return
  grant --allow-principal User:switchboard --producer --consumer --topic '*' --group '*'
  grant --allow-principal User:onlooker --operation Read --operation Describe --topic '*'
  : >"$FOLDER/secured/granted"
}
