//! Places: shops, factories, schools, sites. A name, a kind, an address; no person.

use super::id::{AddressId, PlaceId};
use super::lonlat::LonLat;
use serde::{Deserialize, Serialize};

/// Kind of a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PlaceKind {
    /// 商铺
    Shop,
    /// 餐饮
    Restaurant,
    /// 工厂、作坊
    Factory,
    /// 仓库
    Warehouse,
    /// 学校、幼儿园
    School,
    /// 医院、诊所
    Clinic,
    /// 宾馆、民宿
    Lodging,
    /// 建筑工地
    Site,
    /// 其他
    Other,
}

/// A place.
#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    /// Identifier.
    pub id: PlaceId,
    /// Its name, as on its sign.
    pub name: String,
    /// Its kind.
    pub kind: PlaceKind,
    /// Its address.
    pub address: Option<AddressId>,
    /// Where, if it has a position of its own.
    pub at: Option<LonLat>,
    /// Version of the record, from 1.
    pub version: i64,
}
