//! The commands: one file each, one line each in [`Command`] and in `run`.

pub mod audit;
pub mod backup;
pub mod check;
pub mod demo;
pub mod doctor;
pub mod export;
pub mod import;
pub mod migrate;
pub mod openapi;
pub mod parse;
pub mod restore;
pub mod rules;
pub mod user;
pub mod serve;

use crate::domain::{Actor, Role, Scope};
use crate::error::{Error, Result, Text};
use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Keeps a city's address pins right / 城市地址点位纠错
#[derive(Debug, Parser)]
#[command(name = "gridpin", version, max_term_width = 120)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands, in the order of a day's work.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Check files without a database: flags out / 检查文件，无需数据库
    Check(check::Args),
    /// Import files into the database / 导入数据
    Import(import::Args),
    /// Export records to a file / 导出数据
    Export(export::Args),
    /// Parse addresses, one a line, into their parts / 解析地址
    Parse(parse::Args),
    /// The demo town / 演示城镇
    Demo(demo::Args),
    /// Bring a database to this version's tables / 升级数据库结构
    Migrate(migrate::Args),
    /// Manage accounts / 管理账号
    User(user::Args),
    /// Check the audit log / 校验审计日志
    Audit(audit::Args),
    /// Back the database up into one file / 备份数据库
    Backup(backup::Args),
    /// Restore a backup into an empty database, or look whether it is good / 恢复备份
    Restore(restore::Args),
    /// Look at what gridpin stands on / 检查运行环境
    Doctor(doctor::Args),
    /// Serve the map, the API and the tiles / 启动服务
    Serve(crate::config::Serve),
    /// Print the rule catalogue / 输出规则目录
    Rules(rules::Args),
    /// Print the service's OpenAPI document / 输出接口文档
    Openapi(openapi::Args),
}

impl Command {
    fn run(self) -> Result<()> {
        match self {
            Command::Check(args) => check::run(args),
            Command::Import(args) => import::run(args),
            Command::Export(args) => export::run(args),
            Command::Parse(args) => parse::run(args),
            Command::Demo(args) => demo::run(args),
            Command::Migrate(args) => migrate::run(args),
            Command::User(args) => user::run(args),
            Command::Audit(args) => audit::run(args),
            Command::Backup(args) => backup::run(args),
            Command::Restore(args) => restore::run(args),
            Command::Doctor(args) => doctor::run(args),
            Command::Serve(config) => serve::run(config),
            Command::Rules(args) => rules::run(args),
            Command::Openapi(args) => openapi::run(args),
        }
    }
}

/// Reads the command line, runs the command, prints its error and says it in the exit code (see
/// [`Error::exit_code`]; clap's own usage errors are 2 as well).
pub fn main() -> ExitCode {
    match Cli::parse().command.run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(error.exit_code())
        }
    }
}

/// Runs the asynchronous part of a command to its end.
///
/// # Errors
/// What the future answers, or `Internal` when no runtime can be started.
pub fn block_on<T>(future: impl Future<Output = Result<T>>) -> Result<T> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Error::Internal(format!("no runtime: {error}")))?;
    runtime.block_on(future)
}

/// Who acts on the command line: whoever has the database's URL is a steward of everything.
pub fn operator() -> Actor {
    Actor { name: "cli".into(), role: Role::Steward, scope: Scope::All }
}

/// Prints a text and a line's end. A reader that has gone (`| head`) is no error.
pub fn print(text: &str) {
    use std::io::Write;
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}", text.trim_end_matches('\n')).and_then(|()| out.flush()).ok();
}

/// Asks for the database where it was not named.
///
/// # Errors
/// `Invalid` when `url` is empty.
pub fn require_database(url: &str) -> Result<()> {
    if !url.is_empty() {
        return Ok(());
    }
    Err(Error::invalid(
        "--database",
        "",
        "",
        Text::new("没有指定数据库", "no database was named"),
        Text::new(
            "用 --database URL 或环境变量 GRIDPIN_DATABASE(make run 把地址放在 .data/database-url)",
            "give --database URL or set GRIDPIN_DATABASE (make run keeps it in .data/database-url)",
        ),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_tree_of_commands_is_sound() {
        Cli::command().debug_assert();
    }
}
