//! PostGIS, the only truth: sessions bound to an actor, records with their history, the change feed.
