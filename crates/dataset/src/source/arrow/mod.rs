//! Arrow IPC: files and streams, and the buffers that lie in them.

mod compressed;
mod ipc;
mod table;

pub(super) use table::ArrowTable;
