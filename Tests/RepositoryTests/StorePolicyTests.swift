import Bytes
import Repository
import TestKit
import Testing

@Suite("The policy of a store")
struct StorePolicyTests {
  private let id = Identifier(hex: "0123456789abcdef0123456789abcdef")!

  private func policy(
    _ grantee: StorePolicy.Grantee, bucket: String = "backups", prefix: String = "main",
    principals: [String]? = nil, hasLocks: Bool = false, refusesOverwrites: Bool = false
  ) -> StorePolicy {
    StorePolicy(
      bucket: bucket, prefix: prefix, grantee: grantee,
      form: StorePolicy.Form(principals: principals, hasLocks: hasLocks, refusesOverwrites: refusesOverwrites))
  }

  /// The document without its white space.
  private func squeezed(_ policy: StorePolicy) -> String {
    policy.document.filter { $0 != " " && $0 != "\n" }
  }

  @Test("for a restorer is this, byte for byte")
  func restorer() {
    let expected = """
      {
        "Version": "2012-10-17",
        "Statement": [
          {
            "Sid": "RestorerStore",
            "Effect": "Allow",
            "Principal": {
              "AWS": [
                "arn:aws:iam::1:user/r"
              ]
            },
            "Action": [
              "s3:PutObject"
            ],
            "Resource": [
              "arn:aws:s3:::backups/main/records/*",
              "arn:aws:s3:::backups/main/annotations/*"
            ]
          },
          {
            "Sid": "RestorerStoreNothingElse",
            "Effect": "Deny",
            "Principal": {
              "AWS": [
                "arn:aws:iam::1:user/r"
              ]
            },
            "Action": [
              "s3:PutObject"
            ],
            "NotResource": [
              "arn:aws:s3:::backups/main/records/*",
              "arn:aws:s3:::backups/main/annotations/*"
            ]
          },
          {
            "Sid": "RestorerRead",
            "Effect": "Allow",
            "Principal": {
              "AWS": [
                "arn:aws:iam::1:user/r"
              ]
            },
            "Action": [
              "s3:GetObject",
              "s3:GetObjectVersion"
            ],
            "Resource": [
              "arn:aws:s3:::backups/main/*"
            ]
          },
          {
            "Sid": "RestorerReadNothingElse",
            "Effect": "Deny",
            "Principal": {
              "AWS": [
                "arn:aws:iam::1:user/r"
              ]
            },
            "Action": [
              "s3:GetObject",
              "s3:GetObjectVersion"
            ],
            "NotResource": [
              "arn:aws:s3:::backups/main/*"
            ]
          },
          {
            "Sid": "RestorerList",
            "Effect": "Allow",
            "Principal": {
              "AWS": [
                "arn:aws:iam::1:user/r"
              ]
            },
            "Action": [
              "s3:ListBucket",
              "s3:ListBucketVersions"
            ],
            "Resource": [
              "arn:aws:s3:::backups"
            ],
            "Condition": {
              "StringLike": {
                "s3:prefix": [
                  "main/*"
                ]
              }
            }
          },
          {
            "Sid": "RestorerListNothingElse",
            "Effect": "Deny",
            "Principal": {
              "AWS": [
                "arn:aws:iam::1:user/r"
              ]
            },
            "Action": [
              "s3:ListBucket",
              "s3:ListBucketVersions"
            ],
            "Resource": [
              "arn:aws:s3:::backups"
            ],
            "Condition": {
              "StringNotLike": {
                "s3:prefix": [
                  "main/*"
                ]
              }
            }
          },
          {
            "Sid": "RestorerChangeNothing",
            "Effect": "Deny",
            "Principal": {
              "AWS": [
                "arn:aws:iam::1:user/r"
              ]
            },
            "Action": [
              "s3:Bypass*",
              "s3:Delete*",
              "s3:PutBucket*",
              "s3:PutLifecycle*",
              "s3:RestoreObject",
              "s3:PutObject?*"
            ],
            "Resource": [
              "arn:aws:s3:::backups",
              "arn:aws:s3:::backups/*"
            ]
          },
          {
            "Sid": "RestorerNothingElse",
            "Effect": "Deny",
            "Principal": {
              "AWS": [
                "arn:aws:iam::1:user/r"
              ]
            },
            "NotAction": [
              "s3:PutObject",
              "s3:GetObject",
              "s3:GetObjectVersion",
              "s3:ListBucket",
              "s3:ListBucketVersions"
            ],
            "Resource": [
              "arn:aws:s3:::backups",
              "arn:aws:s3:::backups/*"
            ]
          }
        ]
      }

      """
    #expect(policy(.restorer, principals: ["arn:aws:iam::1:user/r"]).document == expected)
  }

  @Test("for a writer is this, without its white space")
  func writer() {
    let own = "writers/0123456789abcdef0123456789abcdef"
    let arn = "arn:aws:s3:::backups/main/"
    let stored = #"["\#(arn)\#(own)/packs/*","\#(arn)\#(own)/index/*","\#(arn)\#(own)/snapshots/*"]"#
    let read =
      #"["\#(arn)authority/*","\#(arn)\#(own)/enrolment/*","\#(arn)\#(own)/index/*","\#(arn)\#(own)/tombstones/*"]"#
    let listed = #"["main/authority/*","main/\#(own)/*"]"#
    let bucket = #""Resource":["arn:aws:s3:::backups"]"#
    let expected =
      #"{"Version":"2012-10-17","Statement":["#
      + #"{"Sid":"Writer01234567Store","Effect":"Allow","Action":["s3:PutObject"],"Resource":\#(stored)},"#
      + #"{"Sid":"Writer01234567StoreNothingElse","Effect":"Deny","Action":["s3:PutObject"],"NotResource":\#(stored)},"#
      + #"{"Sid":"Writer01234567Read","Effect":"Allow","Action":["s3:GetObject"],"Resource":\#(read)},"#
      + #"{"Sid":"Writer01234567ReadNothingElse","Effect":"Deny","Action":["s3:GetObject"],"NotResource":\#(read)},"#
      + #"{"Sid":"Writer01234567List","Effect":"Allow","Action":["s3:ListBucket"],\#(bucket),"#
      + #""Condition":{"StringLike":{"s3:prefix":\#(listed)}}},"#
      + #"{"Sid":"Writer01234567ListNothingElse","Effect":"Deny","Action":["s3:ListBucket"],\#(bucket),"#
      + #""Condition":{"StringNotLike":{"s3:prefix":["main/authority/*"]},"#
      + #""StringNotLikeIfExists":{"s3:prefix":["main/\#(own)/*"]}}},"#
      + #"{"Sid":"WriterChangeNothing","Effect":"Deny","Action":["s3:Bypass*","s3:Delete*","s3:PutBucket*","#
      + #""s3:PutLifecycle*","s3:RestoreObject","s3:PutObject?*","s3:GetObject?*","#
      + #""s3:ListBucketVersions"],"Resource":["arn:aws:s3:::backups","arn:aws:s3:::backups/*"]},"#
      + #"{"Sid":"WriterNothingElse","Effect":"Deny","#
      + #""NotAction":["s3:PutObject","s3:GetObject","s3:ListBucket"],"#
      + #""Resource":["arn:aws:s3:::backups","arn:aws:s3:::backups/*"]}]}"#
    #expect(squeezed(policy(.writer(id))) == expected)
  }

  @Test("of a whole bucket has no prefix and no slash too many")
  func wholeBucket() {
    let text = squeezed(policy(.keeper, prefix: ""))
    #expect(text.contains(#""Action":["s3:PutObject"],"Resource":["arn:aws:s3:::backups/*"]"#))
    #expect(text.contains(#"{"s3:prefix":["*"]}"#))
    #expect(!text.contains("//"))
    #expect(squeezed(policy(.writer(id), prefix: "")).contains(#""arn:aws:s3:::backups/authority/*""#))
  }

  @Test("allows nothing but puts, reads and listings; locks only where they are wanted, and then denies not those")
  func allowed() {
    for grantee in [StorePolicy.Grantee.writer(id), .keeper, .restorer, .root] {
      for hasLocks in [false, true] {
        let text = squeezed(policy(grantee, hasLocks: hasLocks, refusesOverwrites: true))
        var actions: Set<String> = []
        for allowed in text.split(separator: "\"Effect\":\"Allow\"").dropFirst() {
          let list = allowed.drop { $0 != "[" }.dropFirst().prefix { $0 != "]" }
          actions.formUnion(list.split(separator: ",").map { String($0.dropFirst(4).dropLast()) })
        }
        var expected: Set = ["PutObject", "GetObject", "ListBucket"]
        if case .writer = grantee {} else { expected.formUnion(["GetObjectVersion", "ListBucketVersions"]) }
        if hasLocks { expected.insert("PutObjectRetention") }
        #expect(actions == expected, "\(grantee)")
        #expect(text.contains("s3:PutObject?*") == !hasLocks)
      }
    }
  }

  @Test("lets a root change the authority, and a plain restorer not")
  func root() {
    let place = "arn:aws:s3:::backups/main/authority/*"
    #expect(policy(.root).document.contains(place))
    #expect(!policy(.restorer).document.contains(place))
  }

  @Test("may refuse every put that could replace an object")
  func refusesOverwrites() {
    let text = squeezed(policy(.writer(id), refusesOverwrites: true))
    #expect(text.contains(#""Sid":"Writer01234567ReplaceNothing","Effect":"Deny","Action":["s3:PutObject"],"#))
    #expect(text.contains(#""Condition":{"Null":{"s3:if-none-match":"true"}}"#))
    #expect(!squeezed(policy(.writer(id))).contains("if-none-match"))
  }

  @Test("of several writers is one document, each with statements and a principal of its own")
  func several() {
    let ids = (0..<8).map { _ in Identifier.random() }
    let policies = ids.map { policy(.writer($0), principals: ["arn:aws:iam:::user/\($0.hex.prefix(4))"]) }
    let text = StorePolicy.document(policies)
    let names = text.split(separator: "\n").filter { $0.contains("\"Sid\"") }
    #expect(names.count == 8 * 6 + 2)
    #expect(Set(names).count == names.count)
    for id in ids { #expect(text.contains("user/\(id.hex.prefix(4))\"")) }
    // AWS takes 20 KiB of a bucket's policy, white space not counted.
    #expect(text.filter { $0 != " " && $0 != "\n" }.utf8.count < 20_480)
  }
}
