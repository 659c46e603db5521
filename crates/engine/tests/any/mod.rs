//! Orders and policies for property tests of epochs.

use proptest::prelude::*;
use stowage_engine::epoch::Order;
use stowage_engine::epoch::balance::Cost;
use stowage_engine::options::Overlong;

/// Any order of packs.
pub fn any_order() -> impl Strategy<Value = Order> {
    let balanced =
        (1..9_u64).prop_map(|world_size| Order::Balanced { cost: Cost::default(), world_size });
    prop_oneof![Just(Order::Plan), Just(Order::Shuffled), balanced]
}

/// Any policy for overlong sequences but refusing them.
pub fn any_cut() -> impl Strategy<Value = Overlong> {
    prop_oneof![
        Just(Overlong::Drop),
        Just(Overlong::Truncate),
        Just(Overlong::TruncateStart),
        Just(Overlong::Split)
    ]
}
