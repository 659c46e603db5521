//! What functions of templates are given: keyword or positional arguments, and the row's sentinels.

use crate::sentinel::Sentinels;
use minijinja::value::Kwargs;
use minijinja::{Error, State, Value};

/// Name of the variable that holds a row's sentinels, for functions that must know them.
pub(super) const SENTINELS: &str = "_stowage_sentinels";

/// The sentinels of the row that is rendered.
pub(super) fn sentinels(state: &State<'_, '_>) -> Option<Sentinels> {
    state.lookup(SENTINELS)?.downcast_object_ref::<Sentinels>().cloned()
}

/// A keyword argument, or the positional one of this place.
pub(super) fn argument(
    args: &[Value],
    place: usize,
    named: &Kwargs,
    name: &str,
) -> Result<Value, Error> {
    if named.has(name) { named.get(name) } else { Ok(args.get(place).cloned().unwrap_or_default()) }
}
