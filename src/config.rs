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
    /// Sign-in by the site's own provider of identities.
    #[command(flatten)]
    pub identity: Identity,
}

/// The site's provider of identities (OpenID Connect). It says who somebody is; the account with that name has to be there.
#[derive(Clone, Default, clap::Args)]
pub struct Identity {
    /// URL of the provider of identities (its issuer): people sign in there too. With it go --oidc-client-id and
    /// --public-url; the provider has to know PUBLIC-URL/api/session/oidc/return.
    #[arg(long, env = "GRIDPIN_OIDC_ISSUER")]
    pub oidc_issuer: Option<String>,
    /// What the provider calls this service.
    #[arg(long, env = "GRIDPIN_OIDC_CLIENT_ID")]
    pub oidc_client_id: Option<String>,
    /// The secret that the provider knows this service by; better in the environment than on the command line.
    #[arg(long, env = "GRIDPIN_OIDC_CLIENT_SECRET", hide_env_values = true)]
    pub oidc_client_secret: Option<String>,
    /// What the provider says that is the account's name.
    #[arg(long, env = "GRIDPIN_OIDC_CLAIM", value_enum, default_value_t = IdentityClaim::PreferredUsername)]
    pub oidc_claim: IdentityClaim,
    /// The URL that browsers know this service by, `https://gridpin.example`.
    #[arg(long, env = "GRIDPIN_PUBLIC_URL")]
    pub public_url: Option<String>,
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Without the secret.
        f.debug_struct("Identity").field("issuer", &self.oidc_issuer).field("client", &self.oidc_client_id).finish()
    }
}

/// What a provider says that is the account's name.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum IdentityClaim {
    /// `preferred_username`.
    #[default]
    #[value(name = "preferred_username")]
    PreferredUsername,
    /// `sub`, which never goes to somebody else.
    Sub,
}

/// Where the city is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Check {
    /// In this process, unless another one does already.
    Here,
    /// In another process.
    Elsewhere,
}
