//! Inventories of all formats, as `fgtkey inventory` shows them.
