//! Identifiers: opaque texts, one type for each kind of record, so that none is taken for another.

macro_rules! id {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
        #[serde(transparent)]
        #[schema(value_type = String)]
        pub struct $name(pub Box<str>);

        impl $name {
            /// The identifier's text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                $name(text.into())
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                $name(text.into_boxed_str())
            }
        }

        impl std::ops::Deref for $name {
            type Target = str;
            fn deref(&self) -> &str {
                &self.0
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

id! {
    /// Code of a grid polygon of any level, for example `331102001003` (village) or `33110200100304` (grid).
    GridCode,
    /// Identifier of a standardized address.
    AddressId,
    /// Identifier of a building.
    BuildingId,
    /// Identifier of a place (shop, factory, school, site).
    PlaceId,
    /// Identifier of a rental.
    RentalId,
    /// Identifier of an inspection.
    InspectionId,
    /// Identifier of a hazard.
    HazardId,
    /// Name of an import or collection batch.
    BatchId,
}
