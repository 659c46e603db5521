//! The fields of `job.json`, read one by one.

use super::folder::JOB;
use crate::Fault;
use serde_json::{Map, Value};

/// An object of the file, each field read with its name in the fault.
pub(super) struct Given<'a> {
    pub fields: &'a Map<String, Value>,
    pub name: &'static str,
}

impl<'a> Given<'a> {
    pub(super) fn value(&self, name: &str) -> Option<&'a Value> {
        self.fields.get(name).filter(|value| !value.is_null())
    }

    pub(super) fn wrong(&self, name: &str) -> Fault {
        let value = self.fields.get(name).map_or("nothing".to_string(), Value::to_string);
        Fault::option(format!("'{}{name}' of {JOB} is {value:.200}, which it can't be", self.name))
    }

    pub(super) fn read<T>(
        &self,
        name: &str,
        read: impl FnOnce(&'a Value) -> Option<T>,
    ) -> Result<Option<T>, Fault> {
        let Some(value) = self.value(name) else { return Ok(None) };
        read(value).map(Some).ok_or_else(|| self.wrong(name))
    }

    pub(super) fn text(&self, name: &str) -> Result<Option<&'a str>, Fault> {
        self.read(name, Value::as_str)
    }

    pub(super) fn whole(&self, name: &str) -> Result<Option<u64>, Fault> {
        self.read(name, Value::as_u64)
    }

    pub(super) fn small(&self, name: &str) -> Result<Option<u32>, Fault> {
        self.read(name, |value| u32::try_from(value.as_u64()?).ok())
    }

    pub(super) fn id(&self, name: &str) -> Result<Option<i32>, Fault> {
        self.read(name, |value| i32::try_from(value.as_u64()?).ok())
    }

    pub(super) fn number(&self, name: &str) -> Result<Option<f64>, Fault> {
        self.read(name, |value| value.as_f64().filter(|number| *number >= 0.0))
    }

    pub(super) fn flag(&self, name: &str) -> Result<bool, Fault> {
        Ok(self.read(name, Value::as_bool)?.unwrap_or(false))
    }

    pub(super) fn texts(&self, name: &str) -> Result<Vec<String>, Fault> {
        let texts = |value: &Value| {
            value.as_array()?.iter().map(|text| text.as_str().map(str::to_string)).collect()
        };
        Ok(self.read(name, texts)?.unwrap_or_default())
    }

    pub(super) fn object(&self, name: &str) -> Result<&'a Map<String, Value>, Fault> {
        self.read(name, Value::as_object)?.ok_or_else(|| self.wrong(name))
    }

    pub(super) fn named<T: Copy>(
        &self,
        name: &str,
        list: &[(&str, T)],
    ) -> Result<Option<T>, Fault> {
        let find = |value: &Value| {
            let word = value.as_str()?;
            list.iter().find(|(name, _)| *name == word).map(|(_, value)| *value)
        };
        self.read(name, find)
    }

    /// # Errors
    /// `ERR_OPTION` for a field that a job doesn't take.
    pub(super) fn only(&self, known: &[&str]) -> Result<(), Fault> {
        let unknown =
            |name: &&String| !known.contains(&name.as_str()) && self.value(name).is_some();
        match self.fields.keys().find(unknown) {
            None => Ok(()),
            Some(name) => Err(Fault::option(format!(
                "{}{name} isn't taken by a job over many processes; pack on one machine with it",
                self.name
            ))),
        }
    }
}
