//! The sealed values that events refer to: there, and what was committed to.

use bareboat_base::{Fold, SealedRef};
use serde_json::Value;

use super::Walk;
use crate::store::StoredEvent;
use crate::vault::{Opened, open_with};

/// Every [`SealedRef`] in an event's bytes. The journal knows no domain; it knows the shape of a
/// reference, which [`bareboat_base::Confidential`] gives it.
fn references(bytes: &[u8]) -> Vec<SealedRef> {
    let mut found = Vec::new();
    if std::str::from_utf8(bytes).is_ok_and(|text| text.contains("\"commitment\""))
        && let Ok(value) = serde_json::from_slice(bytes)
    {
        collect(&value, &mut found);
    }
    found
}

fn collect(value: &Value, found: &mut Vec<SealedRef>) {
    match value {
        Value::Object(fields) => {
            if fields.len() == 3
                && fields.contains_key("commitment")
                && let Ok(reference) = serde_json::from_value(value.clone())
            {
                found.push(reference);
            }
            fields.values().for_each(|value| collect(value, found));
        }
        Value::Array(values) => values.iter().for_each(|value| collect(value, found)),
        _ => {}
    }
}

impl<M: Fold> Walk<'_, M> {
    pub(super) fn sealed_values(&mut self, event: &StoredEvent) {
        for reference in references(&event.bytes) {
            self.report.sealed_values += 1;
            if let Some(wrong) = self.sealed_value(&reference) {
                let what = format!(
                    "sealed value {} of event {} {wrong}",
                    reference.id, event.position
                );
                self.found("sealed", Some(event.position), what);
            }
        }
    }

    /// What is wrong with a sealed value. Damage that its checksum shows is found with the rows.
    fn sealed_value(&mut self, reference: &SealedRef) -> Option<String> {
        let blob = match self.reader.sealed(reference.id) {
            Ok(Some(blob)) => blob,
            Ok(None) => return Some("is missing".to_owned()),
            Err(_) => return Some("cannot be read".to_owned()),
        };
        if blob.party != reference.party {
            return Some("lies under another party".to_owned());
        }
        match open_with(self.keys?, reference, &blob) {
            Ok(Opened::Value(_)) => self.report.sealed_opened += 1,
            Ok(Opened::Shredded) => self.report.sealed_shredded += 1,
            Err(error) => return Some(format!("does not open: {error}")),
        }
        None
    }
}
