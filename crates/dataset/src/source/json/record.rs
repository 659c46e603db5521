//! An object taken apart: the fields that are wanted, each as what it is; the others are skipped.

use serde_core::de::{
    DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor,
};
use std::fmt;

/// The value of a field.
#[derive(Debug, PartialEq)]
pub(super) enum Cell {
    Null,
    Number(f64),
    List(List),
    /// Something else: what it is.
    Other(&'static str),
}

/// A list of numbers, and the first element that isn't one.
#[derive(Debug, Default, PartialEq)]
pub(super) struct List {
    pub values: Values,
    /// Its place, and what it is.
    pub strange: Option<(usize, &'static str)>,
    /// Place of the first number that is written as a fraction, or with an exponent.
    pub fraction: Option<usize>,
    /// Place of the first `true` or `false`, which count as 1 and 0.
    pub boolean: Option<usize>,
}

/// Numbers, at 4 bytes as long as they fit.
#[derive(Debug, PartialEq)]
pub(super) enum Values {
    Integers(Vec<i32>),
    Numbers(Vec<f64>),
}

impl Default for Values {
    fn default() -> Self {
        Self::Integers(Vec::new())
    }
}

impl Values {
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Integers(values) => values.len(),
            Self::Numbers(values) => values.len(),
        }
    }

    /// The number at `place`.
    pub(super) fn get(&self, place: usize) -> f64 {
        match self {
            Self::Integers(values) => values[place].into(),
            Self::Numbers(values) => values[place],
        }
    }

    fn push(&mut self, value: f64) {
        let whole = value as i32;
        match self {
            // Equal in value: every i32 is an f64.
            Self::Integers(values) if f64::from(whole).to_bits() == value.to_bits() => {
                values.push(whole);
            }
            Self::Integers(values) => {
                let mut numbers: Vec<f64> = values.iter().map(|&value| value.into()).collect();
                numbers.push(value);
                *self = Self::Numbers(numbers);
            }
            Self::Numbers(values) => values.push(value),
        }
    }
}

/// How a wanted field is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    Value,
    /// Only whether it is a list of numbers or booleans: [`Cell::List`] with its first element.
    Kind,
}

/// Reads the fields of these names into cells of the same order.
pub(super) struct Fields<'a>(pub &'a [(&'a str, Use)]);

impl<'de> DeserializeSeed<'de> for Fields<'_> {
    type Value = Vec<Option<Cell>>;

    fn deserialize<D: Deserializer<'de>>(self, decoder: D) -> Result<Self::Value, D::Error> {
        decoder.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Fields<'_> {
    type Value = Vec<Option<Cell>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut cells: Vec<Option<Cell>> = self.0.iter().map(|_| None).collect();
        while let Some(place) = map.next_key_seed(Place(self.0))? {
            match place {
                Some(place) => {
                    let first_only = self.0[place].1 == Use::Kind;
                    cells[place] = Some(map.next_value_seed(CellSeed { first_only })?);
                }
                None => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(cells)
    }
}

/// The place of a key among the wanted names.
struct Place<'a>(&'a [(&'a str, Use)]);

impl<'de> DeserializeSeed<'de> for Place<'_> {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'de>>(self, decoder: D) -> Result<Self::Value, D::Error> {
        decoder.deserialize_str(self)
    }
}

impl Visitor<'_> for Place<'_> {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E>(self, key: &str) -> Result<Self::Value, E> {
        Ok(self.0.iter().position(|(name, _)| *name == key))
    }
}

struct CellSeed {
    first_only: bool,
}

impl<'de> DeserializeSeed<'de> for CellSeed {
    type Value = Cell;

    fn deserialize<D: Deserializer<'de>>(self, decoder: D) -> Result<Cell, D::Error> {
        decoder.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for CellSeed {
    type Value = Cell;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Cell, E> {
        Ok(Cell::Null)
    }

    fn visit_bool<E>(self, _value: bool) -> Result<Cell, E> {
        Ok(Cell::Other("a boolean"))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Cell, E> {
        Ok(Cell::Number(value as f64))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Cell, E> {
        Ok(Cell::Number(value as f64))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Cell, E> {
        Ok(Cell::Number(value))
    }

    fn visit_str<E>(self, _value: &str) -> Result<Cell, E> {
        Ok(Cell::Other("a string"))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Cell, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Cell::Other("an object"))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Cell, A::Error> {
        let mut list = List::default();
        while elements.next_element_seed(Element(&mut list))?.is_some() {
            if self.first_only {
                while elements.next_element::<IgnoredAny>()?.is_some() {}
                break;
            }
        }
        Ok(Cell::List(list))
    }
}

/// Appends an element to a list; nothing within an element is gone into.
struct Element<'a>(&'a mut List);

impl Element<'_> {
    fn strange(self, what: &'static str) {
        self.0.strange.get_or_insert((self.0.values.len(), what));
        self.0.values.push(0.0);
    }
}

impl<'de> DeserializeSeed<'de> for Element<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, decoder: D) -> Result<(), D::Error> {
        decoder.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Element<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an element")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        self.strange("a null");
        Ok(())
    }

    fn visit_bool<E>(self, value: bool) -> Result<(), E> {
        self.0.boolean.get_or_insert(self.0.values.len());
        self.0.values.push(f64::from(u8::from(value)));
        Ok(())
    }

    fn visit_u64<E>(self, value: u64) -> Result<(), E> {
        self.0.values.push(value as f64);
        Ok(())
    }

    fn visit_i64<E>(self, value: i64) -> Result<(), E> {
        self.0.values.push(value as f64);
        Ok(())
    }

    fn visit_f64<E>(self, value: f64) -> Result<(), E> {
        self.0.fraction.get_or_insert(self.0.values.len());
        self.0.values.push(value);
        Ok(())
    }

    fn visit_str<E>(self, _value: &str) -> Result<(), E> {
        self.strange("a string");
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<(), A::Error> {
        while elements.next_element::<IgnoredAny>()?.is_some() {}
        self.strange("a list");
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        self.strange("an object");
        Ok(())
    }
}

/// Goes through an object until the field `column` is found, and stops there with an error.
pub(super) struct Search<'a> {
    pub column: &'a str,
    pub found: &'a mut bool,
}

impl<'de> DeserializeSeed<'de> for Search<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, decoder: D) -> Result<(), D::Error> {
        decoder.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Search<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(place) = map.next_key_seed(Place(&[(self.column, Use::Value)]))? {
            if place.is_some() {
                *self.found = true;
                return Err(A::Error::custom("found"));
            }
            map.next_value::<IgnoredAny>()?;
        }
        Ok(())
    }
}

/// The names of all fields, for a message.
pub(super) struct Names;

impl<'de> Visitor<'de> for Names {
    type Value = Vec<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Vec<String>, A::Error> {
        let mut names = Vec::new();
        while let Some((name, IgnoredAny)) = map.next_entry::<String, IgnoredAny>()? {
            names.push(name);
        }
        Ok(names)
    }
}
