//! How sequences find their packs: the strategies by name, and those that place one sequence after
//! another. The decreasing ones plan whole length classes, each in a file of its own.

mod assignment;
mod best_fit;
pub mod best_fit_decreasing;
mod by_room;
mod first_fit;
pub mod first_fit_decreasing;
mod first_fit_shuffle;
mod groups;
mod harmonic;
mod length_set;
mod modified_first_fit;
pub mod modified_first_fit_decreasing;
mod next_fit;
mod opening_order;
mod placing;
pub mod problem;
mod room_queues;
mod room_set;
mod room_tree;
mod rooms;
mod table;
mod tolerance;
mod worst_fit;
pub mod worst_fit_decreasing;

pub use assignment::Assignment;
pub use placing::assign;
pub use problem::Problem;
pub use table::{STRATEGIES, StrategyInfo, info, parse, plans};
