//! Configuration: one documented struct, filled from flags and environment.

/// What `gridpin serve` can be told. Every field is a flag and an environment variable.
#[derive(Debug, Clone, clap::Args)]
pub struct Serve {
    /// Address and port to listen on.
    #[arg(long, env = "GRIDPIN_BIND", default_value = "127.0.0.1:8080")]
    pub bind: std::net::SocketAddr,
    /// PostgreSQL connection URL of the application's role.
    #[arg(long, env = "GRIDPIN_DATABASE", hide_env_values = true)]
    pub database: String,
    /// Basemap as a raster tile URL template (`https://.../{z}/{x}/{y}.png`) or the URL of a vector style; none is needed.
    #[arg(long, env = "GRIDPIN_BASEMAP")]
    pub basemap: Option<String>,
    /// Attribution that the basemap's licence asks for.
    #[arg(long, env = "GRIDPIN_BASEMAP_ATTRIBUTION", default_value = "")]
    pub basemap_attribution: String,
    /// Name of the site in Chinese.
    #[arg(long, env = "GRIDPIN_TITLE_ZH", default_value = "格钉")]
    pub title_zh: String,
    /// Name of the site in English.
    #[arg(long, env = "GRIDPIN_TITLE_EN", default_value = "gridpin")]
    pub title_en: String,
    /// A proxy in front speaks TLS: cookies are Secure, HSTS is sent, and the last address of X-Forwarded-For is the
    /// caller's.
    #[arg(long, env = "GRIDPIN_BEHIND_TLS")]
    pub behind_tls: bool,
    /// Requests a second of one account, or of one address that nobody has signed in from; five times as many at once.
    /// 0 sets no limit, as a measurement wants it.
    #[arg(long, env = "GRIDPIN_RATE_LIMIT", default_value_t = 200)]
    pub rate_limit: u32,
    /// Megabytes (of 1,048,576 bytes) of encoded tiles that are kept. With 0 none is: every request encodes its tile, as a
    /// measurement of the encoding wants it.
    #[arg(long, env = "GRIDPIN_TILE_CACHE_MB", default_value_t = 256)]
    pub tile_cache_mb: u64,
    /// Whether this process checks the city. Of all processes that serve one database with `here` exactly one does; the
    /// others wait, and one takes over when it is gone. With `elsewhere` the process never checks, which takes a fraction
    /// of the memory: it shows the flags that another process finds, within a second, and leaves the evidence behind them
    /// and the mending of batches (/api/addresses/ID/explain, /api/flag-groups) to that one.
    #[arg(long, env = "GRIDPIN_CHECK", value_enum, default_value_t = Check::Here)]
    pub check: Check,
}

/// Where the city is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Check {
    /// In this process, unless another one does already.
    Here,
    /// In another process.
    Elsewhere,
}
