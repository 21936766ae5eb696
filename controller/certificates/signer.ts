/** Signs what was approved; implemented with the keys of the cluster's authority. */
export interface CertificateSigner {
  /** The signed certificate as PEM; rejects with the reason where the request cannot be signed. */
  sign(csrPem: string, profile: SigningProfile): Promise<string>
}

export interface SigningProfile {
  signerName: string
  usages: readonly string[]
  expirationSeconds?: number
}
