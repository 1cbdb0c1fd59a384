import Bytes
import Cryptography
import Format
import Profiles
package import Repository

/// Records as JUnit XML, for what shows test results: a suite for each run, a case for each check, each objective, each
/// fault and the verdict.
///
/// What was looked at and is wrong is a failure; what could not be found out is an error; what was not tried is skipped.
package struct JUnitReport {
  private let entries: [LedgerEntry]

  /// - Parameter entries: in the order in which they are to be shown
  package init(_ entries: [LedgerEntry]) { self.entries = entries }

  private enum Result {
    case pass
    case failure(type: String, String)
    case error(type: String, String)
    case skipped(String)
  }

  private struct Case {
    let name: String
    let nanoseconds: UInt64
    let result: Result
  }

  /// The document.
  package var text: String {
    let suites = entries.enumerated().map { suite($0.element, number: $0.offset) }
    let cases = entries.flatMap { JUnitReport.cases($0.record) }
    let total = entries.reduce(UInt64(0)) { $0 &+ $1.record.ttr.value }
    let head = [("name", "lifeboat drill")] + JUnitReport.counts(cases) + [("time", JUnitReport.seconds(total))]
    return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      + Markup.element("testsuites", head, "\n" + suites.joined() + "") + "\n"
  }

  private func suite(_ entry: LedgerEntry, number: Int) -> String {
    let record = entry.record
    let cases = JUnitReport.cases(record)
    let attributes =
      [
        ("name", record.sort == .recovery ? "incident \(record.drill)" : record.drill), ("package", record.component),
        ("id", "\(number)"), ("timestamp", JUnitReport.timestamp(record.started.value)), ("hostname", "localhost"),
      ] + JUnitReport.counts(cases) + [("time", JUnitReport.seconds(record.ttr.value))]
    let properties = JUnitReport.properties(entry).map {
      "      " + Markup.element("property", [("name", $0.0), ("value", $0.1)]) + "\n"
    }
    let body = cases.map { "    \(JUnitReport.element($0, record))\n" }.joined()
    return "  "
      + Markup.element(
        "testsuite", attributes, "\n    <properties>\n\(properties.joined())    </properties>\n\(body)  ")
      + "\n"
  }

  private static func properties(_ entry: LedgerEntry) -> [(String, String)] {
    let record = entry.record
    return [
      ("record", entry.name.hex), ("number", "\(record.number)"), ("sort", record.sort.rawValue),
      ("verdict", record.verdict.rawValue), ("snapshot", record.snapshot.hex), ("signer", entry.signer.hex),
      ("bytes", "\(record.bytes)"), ("tool", record.tool),
    ]
  }

  private static func cases(_ record: Record) -> [Case] {
    var cases = record.checks.map { check in
      Case(name: check.name, nanoseconds: time(of: check, record), result: result(check))
    }
    cases += (record.particulars?.scenario?.faults ?? []).map { fault in
      let never = Result.error(type: "never-fired", "it never happened: the drill rehearsed something else")
      return Case(name: "fault \(fault.kind)", nanoseconds: 0, result: fault.fired > 0 ? .pass : never)
    }
    cases += objective("RTO", record.objectives.recoveryTime, record.ttr.value, record.rto?.value, record)
    cases += objective("RPO", record.objectives.recoveryPoint, record.dataAge?.value, record.rpo?.value, record)
    let verdict: Result =
      switch record.verdict {
      case .proven: .pass
      case .failed: .failure(type: "verdict", "failed")
      case .inconclusive: .error(type: "verdict", "inconclusive: nothing failed, but something was not measured")
      }
    return cases + [Case(name: "verdict", nanoseconds: 0, result: verdict)]
  }

  private static func result(_ check: Record.Check) -> Result {
    switch check.outcome {
    case .pass: .pass
    case .fail: .failure(type: "check", check.detail)
    case .skipped: .skipped(check.detail)
    case .unmeasured: .error(type: "unmeasured", check.detail)
    }
  }

  private static func objective(
    _ name: String, _ result: ObjectiveResult, _ measured: UInt64?, _ objective: UInt64?, _ record: Record
  ) -> [Case] {
    let limit = objective.map { PageText.objective($0) } ?? ""
    let took = measured.map { PageText.duration($0) } ?? "not measured"
    let outcome: Result
    switch result {
    case .unset: return []
    case .met: outcome = .pass
    case .missed: outcome = .failure(type: "objective", "\(took), more than \(limit)")
    case .unmeasured where measured == nil: outcome = .error(type: "unmeasured", "not measured")
    case .unmeasured: outcome = .skipped("\(took) of \(limit), but nothing is proven")
    }
    return [Case(name: "objective \(name) \(limit)", nanoseconds: 0, result: outcome)]
  }

  /// The time of a check is that of its span; the restore is everything before the checks.
  private static func time(of check: Record.Check, _ record: Record) -> UInt64 {
    record.phases.first { $0.name == Phase.check(check.name).name }?.nanoseconds.value ?? 0
  }

  private static func element(_ item: Case, _ record: Record) -> String {
    let attributes = [
      ("name", item.name), ("classname", "\(record.component).\(record.drill)"), ("time", seconds(item.nanoseconds)),
    ]
    let content =
      switch item.result {
      case .pass: ""
      case .failure(let type, let text): Markup.element("failure", [("message", text), ("type", type)])
      case .error(let type, let text): Markup.element("error", [("message", text), ("type", type)])
      case .skipped(let text): Markup.element("skipped", [("message", text)])
      }
    return Markup.element("testcase", attributes, content)
  }

  private static func counts(_ cases: [Case]) -> [(String, String)] {
    func count(_ matches: (Result) -> Bool) -> String { "\(cases.filter { matches($0.result) }.count)" }
    return [
      ("tests", "\(cases.count)"), ("failures", count { if case .failure = $0 { true } else { false } }),
      ("errors", count { if case .error = $0 { true } else { false } }),
      ("skipped", count { if case .skipped = $0 { true } else { false } }),
    ]
  }

  /// The schema of JUnit's files knows no zone: it is UTC.
  private static func timestamp(_ nanoseconds: UInt64) -> String {
    String(Moment(seconds: Int64(nanoseconds / 1_000_000_000)).text.dropLast())
  }

  private static func seconds(_ nanoseconds: UInt64) -> String {
    let thousandths = nanoseconds / 1_000_000
    let rest = String(thousandths % 1000)
    return "\(thousandths / 1000).\(String(repeating: "0", count: 3 - rest.count))\(rest)"
  }
}
