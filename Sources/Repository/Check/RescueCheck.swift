import Bytes
import Cryptography
import Format
import Store

/// Compares the rescue files with the digests that the root signed: they are run when nothing else is left.
struct RescueCheck {
  let repository: OpenRepository
  let inventory: Inventory

  func run(_ findings: inout CheckFindings) throws(Failure) {
    let signed = repository.authority.statement.rescue
    let folder = "\(ObjectPath.rescueFolder)\(signed.reader.hex)"
    var expected = ["\(folder)/rescue.py": signed.reader, "\(folder)/FORMAT.md": signed.format]
    for stored in inventory.rescue {
      guard let digest = expected.removeValue(forKey: stored.path.text) ?? older(stored.path) else {
        // The format page of an older reader has a digest that only its statement names.
        if stored.path.name != "FORMAT.md" { findings.add(RepositoryCheck.unknown(stored)) }
        continue
      }
      try compare(stored.path, with: digest, &findings)
    }
    for path in expected.keys {
      findings.add(CheckProblem(.damage, at: path, "the file is missing: restores without lifeboat need it"))
    }
  }

  /// The digest that the path of another version's reader says.
  private func older(_ path: StorePath) -> Name? {
    let parts = path.components.map(String.init)
    guard parts.count == 3, parts[2] == "rescue.py" else { return nil }
    return Name(hex: parts[1])
  }

  private func compare(_ path: StorePath, with digest: Name, _ findings: inout CheckFindings) throws(Failure) {
    do throws(Failure) {
      let bytes = try repository.objects.store.read(path, limit: Limits.envelope)
      findings.bytesRead += UInt64(bytes.count)
      guard ObjectDigest.name(of: bytes) == digest else {
        throw Failure(
          .damaged, "the file is not the one that the root signed", next: "Do not run it: take it from lifeboat itself."
        )
      }
    } catch {
      guard error.code.isAboutTheObject else { throw error }
      findings.damage(at: path.text, error)
    }
  }
}
