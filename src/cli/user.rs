//! `gridpin user`: accounts, by whoever has the database's URL.

use super::block_on;
use crate::domain::{GridCode, Role, Scope};
use crate::error::{Error, Result, Text};
use crate::store::{NewAccount, NewToken, Store, account};
use std::io::Read;
use std::time::Duration;
use uuid::Uuid;

/// What `gridpin user` can be told.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// PostgreSQL URL of the application's role / 数据库地址
    #[arg(long, env = "GRIDPIN_DATABASE", hide_env_values = true, global = true, default_value = "")]
    database: String,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Make an account; prints a password unless --password-stdin / 新建账号
    Add {
        /// Work code: letters, digits, dots, dashes; never a person's name
        name: String,
        /// collector, reviewer, department, police, leader or steward
        #[arg(long)]
        role: String,
        /// Code of the grid below which it works; without it, the whole city
        #[arg(long)]
        grid: Option<String>,
        /// Read the password from standard input
        #[arg(long)]
        password_stdin: bool,
    },
    /// List the accounts / 列出账号
    List,
    /// Give an account another password; its sessions end / 修改密码
    Passwd {
        /// Its name
        name: String,
        /// Read the password from standard input
        #[arg(long)]
        password_stdin: bool,
    },
    /// Give an account another role or ground; its sessions and tokens end / 调整角色或网格
    Move {
        /// Its name
        name: String,
        /// collector, reviewer, department, police, leader or steward
        #[arg(long)]
        role: String,
        /// Code of the grid below which it works; without it, the whole city
        #[arg(long)]
        grid: Option<String>,
    },
    /// End all sessions of an account / 让账号在所有设备上退出
    SignOut {
        /// Its name
        #[arg(required_unless_present = "everybody", conflicts_with = "everybody")]
        name: Option<String>,
        /// Of all accounts, and take all API tokens back: after a recovery to an earlier moment / 全部账号退出并撤销接口令牌
        #[arg(long)]
        everybody: bool,
    },
    /// Turn the second factor of an account off, when its phone is lost / 关闭两步验证(手机丢失时)
    ResetTotp {
        /// Its name
        name: String,
    },
    /// Make an API token for an account; prints it, this once / 新建接口令牌
    Token {
        /// The account's name
        name: String,
        /// What the token is for
        #[arg(long)]
        label: String,
        /// How many days it is good
        #[arg(long, default_value_t = 90, value_parser = clap::value_parser!(u32).range(1..=366))]
        days: u32,
        /// Code of a grid on the account's ground; without it, all of that
        #[arg(long)]
        grid: Option<String>,
        /// It may write too; without this it only reads
        #[arg(long)]
        write: bool,
    },
    /// List the API tokens of an account / 列出接口令牌
    Tokens {
        /// The account's name
        name: String,
    },
    /// Take an API token back / 撤销接口令牌
    RevokeToken {
        /// Its number
        id: Uuid,
    },
    /// Disable an account; its sessions end / 停用账号
    Disable {
        /// Its name
        name: String,
    },
    /// Enable it again / 启用账号
    Enable {
        /// Its name
        name: String,
    },
}

/// Runs the command, as the actor `cli`.
///
/// # Errors
/// Those of [`crate::store`]; `Invalid` for an unknown role or a weak password.
pub fn run(args: Args) -> Result<()> {
    super::require_database(&args.database)?;
    block_on(async {
        let store = Store::connect(&args.database).await?;
        let mut session = store.begin(&super::operator()).await?;
        match args.command {
            Command::Add { name, role, grid, password_stdin } => {
                let role = Role::parse(&role).ok_or_else(|| unknown_role(&role))?;
                let (password, made) = password(&name, password_stdin)?;
                let scope = grid.map_or(Scope::All, |code| Scope::Grid(GridCode::from(code)));
                session.add_account(&NewAccount { name: name.clone(), role, scope, password }).await?;
                session.commit().await?;
                tell(&name, made);
            }
            Command::Passwd { name, password_stdin } => {
                let (password, made) = password(&name, password_stdin)?;
                session.set_password(&name, &password).await?;
                session.commit().await?;
                tell(&name, made);
            }
            Command::Move { name, role, grid } => {
                let role = Role::parse(&role).ok_or_else(|| unknown_role(&role))?;
                let scope = grid.map_or(Scope::All, |code| Scope::Grid(GridCode::from(code)));
                session.set_right(&name, role, &scope).await?;
                session.commit().await?;
            }
            Command::SignOut { name: Some(name), .. } => {
                let ended = session.end_sessions(&name).await?;
                session.commit().await?;
                println!("{ended} sessions ended / 已退出 {ended} 处登录");
            }
            Command::SignOut { name: None, .. } => {
                let (mut ended, mut revoked) = (0, 0);
                for account in session.accounts().await? {
                    ended += session.end_sessions(&account.name).await?;
                    for token in session.tokens(&account.name).await? {
                        session.revoke_token(token.id).await?;
                        revoked += 1;
                    }
                }
                session.commit().await?;
                println!(
                    "{ended} sessions ended, {revoked} API tokens revoked / 已退出 {ended} 处登录,撤销 {revoked} 个接口令牌"
                );
            }
            Command::ResetTotp { name } => {
                session.remove_totp(&name).await?;
                session.commit().await?;
            }
            Command::Token { name, label, days, grid, write } => {
                let lifetime = Duration::from_secs(u64::from(days) * 86_400);
                let new = NewToken { label, grid: grid.map(GridCode::from), read_only: !write, lifetime };
                let (id, token) = session.make_token(&name, &new).await?;
                session.commit().await?;
                println!("{id}\t{token}");
            }
            Command::Tokens { name } => {
                for token in session.tokens(&name).await? {
                    let ground = token.grid.as_ref().map_or("*", |code| code.as_str());
                    let right = if token.read_only { "read" } else { "write" };
                    let seen = token.seen_at.map_or_else(|| "never".to_owned(), |at| at.to_rfc3339());
                    println!(
                        "{}\t{}\t{ground}\t{right}\t{}\t{seen}",
                        token.id,
                        token.label,
                        token.expires_at.to_rfc3339()
                    );
                }
            }
            Command::RevokeToken { id } => {
                session.revoke_token(id).await?;
                session.commit().await?;
            }
            Command::Disable { name } => {
                session.set_active(&name, false).await?;
                session.commit().await?;
            }
            Command::Enable { name } => {
                session.set_active(&name, true).await?;
                session.commit().await?;
            }
            Command::List => {
                for account in session.accounts().await? {
                    let ground = match &account.scope {
                        Scope::All => "*",
                        Scope::Grid(code) => code.as_str(),
                    };
                    let state = if account.active { "active" } else { "disabled" };
                    println!("{}\t{}\t{ground}\t{state}", account.name, account.role.as_str());
                }
            }
        }
        Ok(())
    })
}

/// The password, and once more if it was made here and so has to be shown.
fn password(name: &str, from_stdin: bool) -> Result<(String, Option<String>)> {
    if !from_stdin {
        let password = hex::encode(rand::random::<[u8; 12]>());
        return Ok((password.clone(), Some(password)));
    }
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).map_err(|error| Error::Unavailable(format!("stdin: {error}")))?;
    let password = text.trim_end_matches(['\r', '\n']).to_owned();
    match account::weakness(&password, name) {
        None => Ok((password, None)),
        Some(reason) => {
            Err(Error::invalid("stdin", "password", "", reason, Text::new("换一个更长的", "choose a longer one")))
        }
    }
}

fn tell(name: &str, made: Option<String>) {
    if let Some(password) = made {
        println!("{name}\t{password}");
    }
}

fn unknown_role(role: &str) -> Error {
    let known = Role::ALL.map(Role::as_str).join(", ");
    Error::invalid(
        "--role",
        "role",
        role,
        Text::new("没有这个角色", "no such role"),
        Text::new(format!("可选: {known}"), format!("one of: {known}")),
    )
}
