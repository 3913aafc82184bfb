//! Imports that were made: listed, and taken back.

use super::{Args, actor, database};
use crate::error::{Error, Result, Text};
use crate::store::Store;

pub(super) fn undo(args: &Args) -> Result<()> {
    let batch: i64 = args.file.parse().map_err(|_| {
        Error::invalid(
            "",
            "BATCH",
            &args.file,
            Text::new("批次号应为整数", "the number of an import is wanted"),
            Text::new("用 gridpin import list 查看批次号", "gridpin import list shows the numbers"),
        )
    })?;
    let (url, actor) = (database(args)?.to_owned(), actor(args));
    let undone = super::super::block_on(async move { Store::connect(&url).await?.undo_import(&actor, batch).await })?;
    super::super::print(&format!(
        "import {batch} taken back: {} records withdrawn, {} restored / 批次 {batch} 已撤销：撤回 {} 条，恢复 {} 条",
        undone.withdrawn, undone.restored, undone.withdrawn, undone.restored
    ));
    Ok(())
}

pub(super) fn list(args: &Args) -> Result<()> {
    let (url, actor) = (database(args)?.to_owned(), actor(args));
    let batches =
        super::super::block_on(async move { Store::connect(&url).await?.begin(&actor).await?.batches(50).await })?;
    for batch in batches {
        let [read, accepted, unchanged, rejected] = batch.counts;
        let ended = if batch.ended > 0 { format!(", ended / 注销 {}", batch.ended) } else { String::new() };
        let state = if batch.undone_at.is_some() { "undone / 已撤销" } else { "" };
        super::super::print(&format!(
            "{:>6}  {}  {:<10} {}  read {read} = {accepted} + {unchanged} + {rejected}{ended}  {} {state}",
            batch.batch_id,
            batch.made_at.format("%Y-%m-%d %H:%M"),
            batch.kind,
            batch.name,
            batch.made_by,
        ));
    }
    Ok(())
}
