//! Sources and writers' schemas, drawn by a seed.

use crate::{EventType, Field, FieldKind, PartitionBy, Pii, Source};
use serde_json::{Value as Json, json};

/// Numbers drawn by a seed, the same for ever (splitmix64).
pub(super) struct Dice(pub(super) u64);

impl Dice {
    pub(super) fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(super) fn below(&mut self, end: usize) -> usize {
        (self.number() % end as u64) as usize
    }

    pub(super) fn percent(&mut self, share: usize) -> bool {
        self.below(100) < share
    }

    pub(super) fn pick<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())].clone()
    }

    fn shuffle<T>(&mut self, items: &mut [T]) {
        (1..items.len()).rev().for_each(|last| items.swap(last, self.below(last + 1)));
    }
}

const KINDS: [FieldKind; 9] = [
    FieldKind::Text,
    FieldKind::Long,
    FieldKind::Int,
    FieldKind::Boolean,
    FieldKind::Id,
    FieldKind::Timestamp,
    FieldKind::Date,
    FieldKind::Decimal,
    FieldKind::TextList,
];

/// A source of two event types: `happened`, of which the writers write, and `noticed`.
pub(super) fn source(dice: &mut Dice) -> Source {
    let envelope = [
        ("event_id", FieldKind::Id, false),
        ("occurred_at", FieldKind::Timestamp, false),
        ("source", FieldKind::Text, false),
        ("subject_id", FieldKind::Text, false),
        ("sequence", FieldKind::Long, true),
        ("case_refs", FieldKind::TextList, false),
        ("supersedes", FieldKind::Id, true),
    ];
    let mut event = |name: &str, fields: usize| {
        let all = envelope.map(|(name, kind, nullable)| field(name, kind, nullable)).into_iter();
        let own = (0..fields).map(|place| drawn_field(dice, &format!("{name}_{place}")));
        EventType {
            name: name.to_owned(),
            names: Vec::new(),
            fields: all.chain(own).collect(),
            schema: String::new(),
        }
    };
    let events = vec![event("happened", 9), event("noticed", 3)];
    let [name, topic, table, subject] = ["drawn", "drawn.events", "drawn_events", "subject_id"].map(str::to_owned);
    Source { name, topic, table, subject, partition: PartitionBy::Date, events, reserved: Vec::new() }
}

fn field(name: &str, kind: FieldKind, nullable: bool) -> Field {
    let doc = "Drawn.".to_owned();
    let (name, pii, values) = (name.to_owned(), None, Vec::new());
    Field { name, kind, nullable, doc, pii, identifies_customer: false, values, limits: None }
}

fn drawn_field(dice: &mut Dice, name: &str) -> Field {
    let field = field(name, dice.pick(&KINDS), dice.percent(60));
    let has_limits = field.kind == FieldKind::Decimal && dice.percent(40);
    let limits = has_limits.then_some(-1_000_000..=1_000_000);
    Field { pii: dice.percent(15).then_some(Pii::FreeText), limits, ..field }
}

/// A schema of `happened` as some writer could have it: fields left out, added and in any order,
/// promoted types, nulls where the table has none. One in ten has a type too many.
pub(super) fn writer(dice: &mut Dice, source: &Source) -> Json {
    let mut writing = Writing { dice, named: 0, has_id: false };
    let mut entries: Vec<(String, Option<Field>)> = Vec::new();
    for field in &source.events[0].fields {
        if !field.nullable || writing.dice.percent(80) {
            entries.push((field.name.clone(), Some(field.clone())));
        }
    }
    for field in source.events[1].fields.iter().filter(|field| field.name.starts_with("noticed")) {
        if writing.dice.percent(30) {
            entries.push((field.name.clone(), Some(field.clone())));
        }
    }
    (0..writing.dice.below(4)).for_each(|place| entries.push((format!("new_{place}"), None)));
    writing.dice.shuffle(&mut entries);
    let is_written = |field: &&Field| entries.iter().any(|(name, _)| *name == field.name);
    let left_out = source.events[0].fields.iter().filter(|field| !is_written(field));
    let left_out: Vec<&str> = left_out.map(|field| field.name.as_str()).collect();
    let odd = if writing.dice.percent(10) { writing.dice.below(entries.len()) } else { usize::MAX };
    let drawn = |(place, (name, field)): (usize, &(String, Option<Field>))| {
        let avro = match field {
            Some(field) if place != odd => writing.known(field),
            Some(field) if writing.dice.percent(60) => writing.near(field.kind),
            _ => writing.any(2),
        };
        // The decoder would take one field for another by this; Avro knows only a reader's aliases.
        json!({"name": name, "type": avro, "aliases": if place == 0 { left_out.as_slice() } else { &[] }})
    };
    let fields: Vec<Json> = entries.iter().enumerate().map(drawn).collect();
    let namespace = writing.dice.pick(&["switchboard.drawn", "somebody.elses", ""]);
    json!({"type": "record", "name": "happened", "namespace": namespace, "fields": fields})
}

struct Writing<'a> {
    dice: &'a mut Dice,
    named: usize,
    has_id: bool,
}

impl Writing<'_> {
    /// A type that can be read as this field.
    fn known(&mut self, field: &Field) -> Json {
        let text = |dice: &mut Dice| {
            dice.pick(&[json!("string"), json!("bytes"), json!({"type": "string", "avro.java.string": "String"})])
        };
        let avro = match field.kind {
            FieldKind::Text => text(self.dice),
            FieldKind::TextList => json!({"type": "array", "items": text(self.dice)}),
            FieldKind::Long => json!(self.dice.pick(&["long", "int"])),
            FieldKind::Id if std::mem::replace(&mut self.has_id, true) => json!("Uuid"),
            FieldKind::Id => json!({"type": "fixed", "name": "Uuid", "size": 16}),
            _ => crate::wide::avro_type(field),
        };
        match self.dice.below(10) {
            0..3 => avro,
            3..5 if !field.nullable => json!([avro, "null"]),
            5..7 if field.nullable => json!([avro, "null"]),
            7.. if field.nullable => json!(["null", avro]),
            _ => avro,
        }
    }

    /// A type of the same bytes, or nearly, that must not be read as a field of this kind.
    fn near(&mut self, kind: FieldKind) -> Json {
        let long = |logical: &str| json!({"type": "long", "logicalType": logical});
        self.dice.pick(&match kind {
            FieldKind::Timestamp => vec![json!("long"), long("timestamp-millis"), long("local-timestamp-micros")],
            FieldKind::Long => vec![long("timestamp-micros"), long("time-micros")],
            FieldKind::Int => vec![json!("long"), json!({"type": "int", "logicalType": "date"})],
            FieldKind::Date => vec![json!("int"), json!({"type": "int", "logicalType": "time-millis"})],
            FieldKind::Decimal => vec![json!("bytes"), json!("string")],
            FieldKind::Id => vec![json!("bytes"), json!({"type": "fixed", "name": "Key", "size": 8})],
            _ => vec![json!(["null", "string", "bytes"]), json!({"type": "array", "items": "long"})],
        })
    }

    /// Any type but enums and maps, of so many levels.
    fn any(&mut self, levels: usize) -> Json {
        if levels > 0 && self.dice.percent(40) {
            return match self.dice.below(4) {
                0 => json!({"type": "array", "items": self.item(levels - 1)}),
                1 => self.union(levels - 1),
                2 => self.record(levels - 1),
                _ => json!(["null", self.item(0)]),
            };
        }
        match self.dice.below(8) {
            0 => json!("null"),
            1 => self.fixed(),
            2 => self.dice.pick(&[
                json!({"type": "long", "logicalType": "timestamp-millis"}),
                json!({"type": "long", "logicalType": "timestamp-micros"}),
                json!({"type": "int", "logicalType": "date"}),
                json!({"type": "int", "logicalType": "time-millis"}),
                json!({"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 2}),
            ]),
            _ => json!(self.dice.pick(&PRIMITIVES)),
        }
    }

    /// A type whose values take a byte at least.
    fn item(&mut self, levels: usize) -> Json {
        if levels > 0 && self.dice.percent(50) {
            self.record(levels - 1)
        } else {
            json!(self.dice.pick(&PRIMITIVES))
        }
    }

    fn union(&mut self, levels: usize) -> Json {
        let mut branches: Vec<Json> = PRIMITIVES.iter().map(|name| json!(name)).collect();
        branches.extend([json!("null"), self.fixed(), json!({"type": "array", "items": self.item(levels)})]);
        self.dice.shuffle(&mut branches);
        let count = 1 + self.dice.below(branches.len());
        json!(branches[..count])
    }

    fn record(&mut self, levels: usize) -> Json {
        let name = self.name();
        let first = self.item(0);
        let second = self.any(levels);
        json!({"type": "record", "name": name, "fields": [{"name": "a", "type": first}, {"name": "b", "type": second}]})
    }

    fn fixed(&mut self) -> Json {
        json!({"type": "fixed", "name": self.name(), "size": 1 + self.dice.below(20)})
    }

    fn name(&mut self) -> String {
        self.named += 1;
        format!("type_{}", self.named)
    }
}

const PRIMITIVES: [&str; 7] = ["boolean", "int", "long", "float", "double", "bytes", "string"];
