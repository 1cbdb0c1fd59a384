import Bytes
import Cryptography
import Format
import Pipeline
import Synchronization

/// Looks at the packs of a namespace: their sizes always, all their bytes if asked to, and every blob of a pack that
/// is not what it should be.
struct PackCheck {
  let loaded: LoadedNamespace
  let source: BlobSource
  let identities: [AgeIdentity]
  let request: CheckRequest
  let stop: StopSignal
  let progress: @Sendable (CheckProgress) -> Void

  func run(_ faults: inout PackFaults, _ findings: inout CheckFindings) throws(Failure) {
    let before = Set(faults.reasons.keys)
    for (number, pack) in loaded.index.packs.enumerated() where pack.isListed && loaded.sizes[pack.name] != pack.size {
      let listed = loaded.sizes[pack.name] ?? 0
      faults.add(Failure(.damaged, "the pack has \(listed) bytes where \(pack.size) belong"), pack: number)
    }
    try noteOrphans(&faults)
    if request.readData {
      try readAll(&faults, &findings)
      try openDeltas(&faults, &findings)
    }
    try tryBlobs(of: Set(faults.reasons.keys).subtracting(before), &faults, &findings)
  }

  /// Opens every blob of these packs one by one, to tell exactly which of them are lost.
  func tryBlobs(
    of packs: Set<Int>, _ faults: inout PackFaults, _ findings: inout CheckFindings
  ) throws(Failure) {
    guard !packs.isEmpty else { return }
    var rows: [BlobLocation] = []
    try loaded.index.forEach { row in if packs.contains(row.pack) { rows.append(row) } }
    rows.sort { ($0.pack, $0.offset) < ($1.pack, $1.offset) }
    let reader = BlobReader(source, remembersFailures: true)
    var trials: [Int: PackFaults.Trial] = [:]
    for row in rows {
      try stop.check()
      var trial = trials[row.pack] ?? PackFaults.Trial()
      trial.blobs += 1
      if faults.isLost(row) {
        trial.lost += 1
      } else if !source.opens(row.kind) {
        faults.lose(row)
        trial.lost += 1
        trial.isExact = false
      } else if try !isGood(row, reader, &findings) {
        faults.lose(row)
        trial.lost += 1
      }
      trials[row.pack] = trial
    }
    for (pack, trial) in trials { faults.note(trial, pack: pack) }
  }

  /// A delta whose base is lost is as good as it was: the pack of the base is the one to blame.
  private func isGood(
    _ row: BlobLocation, _ reader: BlobReader, _ findings: inout CheckFindings
  ) throws(Failure) -> Bool {
    findings.bytesRead += UInt64(row.sealedLength)
    switch try reader.examine(row) {
    case .good: findings.blobsOpened += 1
    case .baseless: break
    case .bad: return false
    }
    return true
  }

  private func openDeltas(_ faults: inout PackFaults, _ findings: inout CheckFindings) throws(Failure) {
    let found = try DeltaCheck(loaded: loaded, source: source, workers: request.workers, stop: stop).run(faults)
    findings.blobsOpened += found.opened
    findings.bytesRead += found.bytesRead
    for (location, failure) in found.bad { faults.add(failure, pack: location.pack) }
  }

  /// A delta needs a copy of its base that is less deep than itself: otherwise two blobs may each be kept as the
  /// other's delta, and neither can be read.
  private func noteOrphans(_ faults: inout PackFaults) throws(Failure) {
    let index = loaded.index
    try index.forEach { row in
      guard let base = index.base(of: row), index.packs[row.pack].isListed else { return }
      if index.copies(of: base).contains(where: { $0.kind == row.kind && $0.depth < row.depth }) { return }
      faults.add(Failure(.damaged, "the base of a delta in this pack has no copy that is less deep"), pack: row.pack)
      faults.lose(row)
    }
  }

  private func readAll(_ faults: inout PackFaults, _ findings: inout CheckFindings) throws(Failure) {
    let index = loaded.index
    var rows = [Int](repeating: 0, count: index.packs.count)
    try index.forEach { rows[$0.pack] += 1 }
    let suspects = faults.reasons
    let numbers = index.packs.indices.filter { index.packs[$0].isListed && suspects[$0] == nil }
    let total = numbers.reduce(0) { $0 + index.packs[$1].size }
    let verdicts = Mutex<[PackVerdict]>([])
    let (loaded, source, identities, progress) = (loaded, source, identities, progress)
    let counts = rows
    let done = Atomic<UInt64>(0)
    try runOrderedCrew(named: "check", workers: request.workers, window: request.workers * 2, stop: stop) { submit in
      for number in numbers { try submit(number) }
    } makeWork: {
      let reader = PackReader(loaded, source, identities: identities)
      return { number in try reader.read(number, rows: counts[number]) }
    } deliver: { (verdict: PackVerdict) in
      verdicts.withLock { $0.append(verdict) }
      let sum = done.wrappingAdd(verdict.bytesRead, ordering: .relaxed).newValue
      progress(CheckProgress(step: .packs, done: sum, total: total))
    }
    for verdict in verdicts.withLock({ $0 }) {
      findings.bytesRead += verdict.bytesRead
      findings.blobsOpened += verdict.blobsOpened
      findings.packsRead += 1
      if let fault = verdict.fault { faults.add(fault, pack: verdict.pack) }
    }
  }
}
