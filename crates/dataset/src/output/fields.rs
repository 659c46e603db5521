//! The fields of a JSON object of ours, read one by one.

use crate::Fault;
use serde_json::{Map, Value};
use std::path::Path;

/// Fields, each read with its name in the fault.
pub(super) struct Fields<'a> {
    pub fields: &'a Map<String, Value>,
    pub path: &'a Path,
}

impl Fields<'_> {
    pub(super) fn value(&self, name: &str) -> &Value {
        self.fields.get(name).unwrap_or(&Value::Null)
    }

    pub(super) fn wrong(&self, name: &str) -> Fault {
        let detail = format!("'{name}' is missing or wrong: {}", self.value(name));
        Fault::format(self.path, None, detail)
    }

    pub(super) fn whole(&self, name: &str) -> Result<u64, Fault> {
        self.value(name).as_u64().ok_or_else(|| self.wrong(name))
    }

    pub(super) fn small(&self, name: &str) -> Result<u32, Fault> {
        u32::try_from(self.whole(name)?).map_err(|_| self.wrong(name))
    }

    pub(super) fn id(&self, name: &str) -> Result<i32, Fault> {
        i32::try_from(self.whole(name)?).map_err(|_| self.wrong(name))
    }

    pub(super) fn text(&self, name: &str) -> Result<String, Fault> {
        self.value(name).as_str().map(str::to_string).ok_or_else(|| self.wrong(name))
    }

    pub(super) fn optional<T>(
        &self,
        name: &str,
        read: impl Fn(&Self, &str) -> Result<T, Fault>,
    ) -> Result<Option<T>, Fault> {
        if self.value(name).is_null() { Ok(None) } else { read(self, name).map(Some) }
    }
}
