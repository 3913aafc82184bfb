//! The one door for foreign coordinates: everything inside is CGCS2000 (EPSG:4490), longitude first.
