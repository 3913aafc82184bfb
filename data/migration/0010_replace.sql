-- Imports that replace: how many records of the table an import ended because its file lacked them.
alter table batch add column ended bigint not null default 0;
grant update (ended) on batch to gridpin_app;
