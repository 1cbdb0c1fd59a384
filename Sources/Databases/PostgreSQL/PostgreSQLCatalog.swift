import Bytes

/// What is asked of the catalogue of a database, and how the answers are read. Names come as the database's own bytes.
enum PostgreSQLCatalog {
  /// A table with what matters for its dump.
  struct Table {
    var facts: PostgreSQLFacts.Table
    /// Its rows are kept in no log, and a standby has none of them.
    var isUnlogged: Bool
    /// A configuration table of an extension, of which only a part may be dumped.
    var isOfExtension: Bool
    /// The role can't read it.
    var isLocked: Bool
    /// The role would see only some of its rows.
    var isFiltered: Bool

    var title: String { Printable.text(facts.schema + [UInt8(ascii: ".")] + facts.name) }
  }

  static let database = """
    SELECT d.oid, pg_encoding_to_char(d.encoding), d.datcollate, d.datctype,
    coalesce(to_jsonb(d)->>'datlocprovider', 'c'),
    coalesce(to_jsonb(d)->>'datlocale', to_jsonb(d)->>'daticulocale', ''),
    pg_get_userbyid(d.datdba), (SELECT spcname FROM pg_tablespace t WHERE t.oid = d.dattablespace),
    pg_database_size(d.oid), (SELECT reset_val FROM pg_settings WHERE name = 'bytea_output'),
    \(PostgreSQLServer.lag)
    FROM pg_database d WHERE d.datname = current_database();
    """
  static let databaseColumns = 11

  static func database(_ row: [[UInt8]], named name: String) -> PostgreSQLFacts.Database {
    let texts = row.map { String(decoding: $0, as: UTF8.self) }
    let providers = ["c": "libc", "i": "icu", "b": "builtin"]
    return PostgreSQLFacts.Database(
      name: name, oid: UInt32(texts[0]) ?? 0, encoding: texts[1], collate: texts[2], ctype: texts[3],
      localeProvider: providers[texts[4], default: texts[4]], locale: texts[5].isEmpty ? nil : texts[5],
      owner: row[6], tablespace: row[7], size: UInt64(texts[8]) ?? 0)
  }

  static let extensions = """
    SELECT extname, extversion, nspname FROM pg_extension e JOIN pg_namespace n ON n.oid = extnamespace
    ORDER BY extname COLLATE "C";
    """

  /// Owners of anything, and whom rights were granted to. The catalogue of dependencies leaves out the role that
  /// `initdb` made.
  static let roles = """
    WITH here AS (SELECT oid, datdba FROM pg_database WHERE datname = current_database())
    SELECT rolname FROM pg_roles WHERE oid IN (
    SELECT refobjid FROM pg_shdepend, here WHERE refclassid = 'pg_authid'::regclass
    AND (dbid = here.oid OR dbid = 0 AND classid = 'pg_database'::regclass AND objid = here.oid)
    UNION SELECT datdba FROM here
    UNION SELECT relowner FROM pg_class WHERE oid >= 16384 UNION SELECT nspowner FROM pg_namespace WHERE oid >= 16384
    UNION SELECT proowner FROM pg_proc WHERE oid >= 16384 UNION SELECT typowner FROM pg_type WHERE oid >= 16384)
    ORDER BY rolname COLLATE "C";
    """

  static let tables = """
    SELECT n.nspname, c.relname, c.relkind, c.relpersistence = 'u', coalesce(pg_table_size(c.oid), 0),
    coalesce(t.spcname, ''), coalesce(c.oid = ANY (e.extconfig), false),
    c.relkind IN ('r', 'p') AND NOT (has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT')),
    c.relkind = 'r' AND row_security_active(c.oid)
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_tablespace t ON t.oid = c.reltablespace
    LEFT JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'
    LEFT JOIN pg_extension e ON e.oid = d.refobjid
    WHERE c.relkind IN ('r', 'p', 'm', 'f') AND c.relpersistence <> 't' AND n.nspname !~ '^pg_'
    AND n.nspname <> 'information_schema' AND (e.oid IS NULL OR c.oid = ANY (e.extconfig))
    ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C";
    """
  static let tableColumns = 9

  static func table(_ row: [[UInt8]]) -> Table {
    func truth(_ place: Int) -> Bool { row[place] == [UInt8(ascii: "t")] }
    let kind: PostgreSQLFacts.Table.Kind =
      switch row[2].first {
      case UInt8(ascii: "p"): .partitioned
      case UInt8(ascii: "m"): .materializedView
      case UInt8(ascii: "f"): .foreign
      default: .table
      }
    let facts = PostgreSQLFacts.Table(
      schema: row[0], name: row[1], kind: kind, bytes: UInt64(String(decoding: row[4], as: UTF8.self)) ?? 0,
      tablespace: row[5].isEmpty ? nil : row[5])
    return Table(
      facts: facts, isUnlogged: truth(3), isOfExtension: truth(6), isLocked: truth(7), isFiltered: truth(8))
  }

  /// Sequences that the role can't read; large objects, those of them that it can't read; subscriptions; user mappings
  /// whose options it does not see.
  static let others = """
    SELECT coalesce((SELECT string_agg(format('%I.%I', n.nspname, c.relname), ', ' ORDER BY c.oid) FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'S' AND c.relpersistence <> 't'
    AND NOT (has_schema_privilege(n.oid, 'USAGE') AND has_sequence_privilege(c.oid, 'SELECT'))
    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid
    AND d.deptype = 'e')), ''),
    (SELECT count(*) FROM pg_largeobject_metadata),
    (SELECT count(*) FROM pg_largeobject_metadata m WHERE current_setting('lo_compat_privileges') = 'off'
    AND NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) AND NOT pg_has_role(lomowner, 'USAGE')
    AND NOT EXISTS (SELECT FROM aclexplode(lomacl) a WHERE a.privilege_type = 'SELECT'
    AND (a.grantee = 0 OR pg_has_role(a.grantee, 'USAGE')))),
    (SELECT count(*) FROM pg_subscription WHERE subdbid = (SELECT oid FROM pg_database
    WHERE datname = current_database())),
    (SELECT count(*) FROM pg_user_mappings WHERE umoptions IS NULL);
    """
  static let othersColumns = 5

  static func number(_ field: [UInt8]) -> UInt64 { UInt64(String(decoding: field, as: UTF8.self)) ?? 0 }
}
