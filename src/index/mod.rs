//! Which polygon holds a point, which points are near, how far a border is.
