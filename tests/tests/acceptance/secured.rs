//! A Kafka that asks who comes: passwords and certificates let in who may come in, and everybody else is
//! told what is wrong, soon.

use crate::broker::Broker;
use crate::world::World;
use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// One answered call: initiated, left the voice response unit, queued, answered, ended.
const CALLS: &str = "call_id,queue,priority,arrived_at,ivr_ended_at,queue_entered_at,queue_left_at,answered_at,ended_at,outcome,agent,customer_id\n\
    c1,TAX,0,2026-03-02T09:00:00,2026-03-02T09:00:12,2026-03-02T09:00:12,2026-03-02T09:00:54,2026-03-02T09:00:54,2026-03-02T09:04:12,answered,ana,42\n";
const IMPORT: [&str; 9] =
    ["import", "calls", "calls.csv", "--source", "bank", "--time-zone", "Europe/London", "--to", "kafka"];
const INGEST: [&str; 4] = ["ingest", "--source", "telephony", "--until-caught-up"];
const PATIENCE: Duration = Duration::from_secs(60);

/// A world whose `switchboard.toml` reaches a listener of the broker in some way.
fn world(broker: &Broker, listener: &str, settings: &[(&str, &Path)]) -> World {
    let world = World::with_brokers(&broker.listener(listener));
    let mut text = "[kafka]\n".to_owned();
    for (name, value) in settings {
        writeln!(text, "{name} = \"{}\"", value.display()).unwrap();
    }
    fs::write(world.path("switchboard.toml"), text).unwrap();
    fs::write(world.path("calls.csv"), CALLS).unwrap();
    world
}

/// By the listener for passwords, as `user` with the password of `owner`.
fn by_password(broker: &Broker, user: &str, owner: &str, ca: &Path) -> World {
    let password = broker.secured_file(&format!("{owner}.password"));
    let settings = [
        ("security", Path::new("sasl_tls")),
        ("username", Path::new(user)),
        ("password_file", password.as_path()),
        ("ca_file", ca),
    ];
    world(broker, "bootstrap-sasl-tls", &settings)
}

/// By the listener for certificates, with those of `owner`.
fn by_certificate(broker: &Broker, owner: &str) -> World {
    let [certificate, key] = ["pem", "key"].map(|ending| broker.secured_file(&format!("{owner}.{ending}")));
    let ca = broker.secured_file("ca.pem");
    let settings = [
        ("security", Path::new("tls")),
        ("ca_file", ca.as_path()),
        ("certificate_file", certificate.as_path()),
        ("key_file", key.as_path()),
    ];
    world(broker, "bootstrap-tls", &settings)
}

/// Runs a command that must fail, and soon; gives standard error.
fn is_refused(world: &World, arguments: &[&str]) -> String {
    let mut command = world.command(arguments);
    let mut running = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let began = Instant::now();
    while running.try_wait().unwrap().is_none() && began.elapsed() < PATIENCE {
        std::thread::sleep(Duration::from_millis(100));
    }
    let ended = running.try_wait().unwrap();
    running.kill().unwrap_or_default();
    let told = String::from_utf8(running.wait_with_output().unwrap().stderr).unwrap();
    assert!(ended.is_some_and(|status| !status.success()), "{arguments:?}: {ended:?}\n{told}");
    told
}

fn assert_told(world: &World, arguments: &[&str], parts: &[&str]) {
    let told = is_refused(world, arguments);
    for part in parts {
        assert!(told.contains(part), "{arguments:?}: `{part}` is not in\n{told}");
    }
}

/// A certificate that signs itself, with its key, of no authority that the broker knows.
fn stranger(folder: &Path) {
    let mut command = Command::new("openssl");
    command.args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]);
    command.args(["-days", "2", "-subj", "/CN=switchboard", "-keyout", "other.key", "-out", "other.pem"]);
    let output = command.current_dir(folder).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_password_or_a_certificate_lets_events_in_and_out() {
    let broker = Broker::secured();
    let ca = broker.secured_file("ca.pem");
    let with_password = by_password(&broker, "switchboard", "switchboard", &ca);
    let told = with_password.succeeds(&IMPORT);
    assert!(told.contains("5 events made"), "{told}");
    let told = with_password.ingest();
    assert!(told.contains("telephony.events: 5 rows committed, 0 records quarantined"), "{told}");
    // The same again by certificate: ten in the topic, ten in a lake of its own.
    let with_certificate = by_certificate(&broker, "switchboard");
    with_certificate.succeeds(&IMPORT);
    let told = with_certificate.ingest();
    assert!(told.contains("telephony.events: 10 rows committed, 0 records quarantined"), "{told}");
    // And by the newer group protocol.
    let file = with_password.path("switchboard.toml");
    let settings = fs::read_to_string(&file).unwrap();
    fs::write(file, format!("{settings}group_protocol = \"consumer\"\ngroup = \"newer\"\n")).unwrap();
    let told = with_password.ingest();
    assert!(told.contains("telephony.events: 5 rows committed"), "{told}");
}

#[test]
fn each_refusal_says_what_is_refused() {
    let broker = Broker::secured();
    let ca = broker.secured_file("ca.pem");
    let good = by_password(&broker, "switchboard", "switchboard", &ca);
    good.succeeds(&IMPORT);
    let other = good.path("other.pem");
    stranger(good.folder.path());
    let shown = other.display().to_string();

    let wrong_password = by_password(&broker, "switchboard", "onlooker", &ca);
    let wrong_ca = by_password(&broker, "switchboard", "switchboard", &other);
    let no_rights = by_password(&broker, "stranger", "stranger", &ca);
    for command in [&IMPORT[..], &INGEST] {
        assert_told(
            &wrong_password,
            command,
            &["refuses the password of user `switchboard`", "kafka.password_file"],
        );
        assert_told(&wrong_ca, command, &["cannot be trusted", &shown, "set `kafka.ca_file`"]);
        assert_told(&no_rights, command, &["user `stranger` may not", "topic `telephony.events`", "Describe"]);
    }
    let onlooker = by_password(&broker, "onlooker", "onlooker", &ca);
    let group = "may not join the consumer group `switchboard-telephony.events`";
    assert_told(&onlooker, &INGEST, &["user `onlooker`", group, "Read on that group"]);
    assert_told(&onlooker, &IMPORT, &["user `onlooker` may not write to topic `telephony.events`", "Write"]);
    let certified_stranger = by_certificate(&broker, "stranger");
    let certificate = broker.secured_file("stranger.pem").display().to_string();
    assert_told(
        &certified_stranger,
        &INGEST,
        &["the owner of the certificate", &certificate, "may not read topic"],
    );
}

#[test]
fn each_wrong_door_says_which_one_it_is() {
    let broker = Broker::secured();
    let ca = broker.secured_file("ca.pem");
    let files = World::new();
    stranger(files.folder.path());
    let tls = [("security", Path::new("tls")), ("ca_file", ca.as_path())];
    assert_told(&world(&broker, "bootstrap-tls", &tls), &INGEST, &["wants a client certificate"]);
    assert_told(&world(&broker, "bootstrap-sasl-tls", &tls), &INGEST, &["may want a password", "sasl_tls"]);
    assert_told(&world(&broker, "bootstrap", &tls), &INGEST, &["may be a plain one"]);
    assert_told(&world(&broker, "bootstrap-tls", &[]), &INGEST, &["may be one for TLS"]);
    let (certificate, key) = (files.path("other.pem"), files.path("other.key"));
    let others = [tls[0], tls[1], ("certificate_file", certificate.as_path()), ("key_file", key.as_path())];
    let shown = certificate.display().to_string();
    let refused = ["refuses the client certificate", &shown];
    assert_told(&world(&broker, "bootstrap-tls", &others), &INGEST, &refused);
    // A key that is not the certificate's, and a password that others can read, are seen here already.
    let another = broker.secured_file("stranger.key");
    let unlike = [others[0], others[1], others[2], ("key_file", another.as_path())];
    assert_told(&world(&broker, "bootstrap-tls", &unlike), &INGEST, &["kafka.key_file", "is of no use"]);
    let open = by_password(&broker, "switchboard", "switchboard", &ca);
    let password = broker.secured_file("switchboard.password");
    fs::set_permissions(&password, fs::Permissions::from_mode(0o644)).unwrap();
    assert_told(&open, &INGEST, &["kafka.password_file", "can be read by others", "chmod 600"]);
}
