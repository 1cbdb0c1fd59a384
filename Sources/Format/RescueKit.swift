import Bytes
import Cryptography

/// The independent reader and the format description that lie in every repository.
package enum RescueKit {
  /// The program `rescue.py`.
  package static var reader: [UInt8] { PackageResources.rescue_py }
  /// This format, byte by byte.
  package static var format: [UInt8] { PackageResources.FORMAT_md }

  /// Their digests, for the authority chain and the key files.
  package static var digests: AuthorityStatement.Rescue {
    AuthorityStatement.Rescue(reader: ObjectDigest.name(of: reader), format: ObjectDigest.name(of: format))
  }

  /// What `init` puts into a store: path and bytes.
  package static var files: [(path: String, bytes: [UInt8])] {
    let folder = "rescue/\(digests.reader.hex)"
    return [("\(folder)/rescue.py", reader), ("\(folder)/FORMAT.md", format)]
  }
}
