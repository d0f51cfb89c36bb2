import { X509Certificate } from "node:crypto";
import { Fn } from "cdktf";
import { isLate, lateText, read, required, shown, text } from "../validation";
import { ValidationError } from "../validation-error";

/** A certificate that members are to refuse, although one of the cluster's authorities signed it and it has not run out. */
export class RevokedCertificate {
  /**
   * A certificate by its serial number: in decimal, in hexadecimal after `0x`, or in hexadecimal pairs with colons between
   * them. `openssl x509 -noout -serial` prints it in hexadecimal: put `0x` in front.
   *
   * @throws ValidationError if it is no serial number: a positive number of at most 20 octets
   */
  public static bySerial(serialNumber: string): RevokedCertificate {
    const what = "RevokedCertificate.bySerial";
    read(what, serialNumber, required(text));
    const number = numberOf(serialNumber);
    if (number === undefined) throw noSerial(what, serialNumber);
    return new RevokedCertificate(`serial ${number.toString(16).toUpperCase()}`);
  }

  /**
   * A certificate by its PEM, which may be known only when Terraform runs. Of a chain it is the first one that is revoked.
   *
   * @throws ValidationError if it is none
   */
  public static byCertificate(certificatePem: string): RevokedCertificate {
    const what = "RevokedCertificate.byCertificate";
    read(what, certificatePem, required(lateText));
    if (!isLate(certificatePem)) return RevokedCertificate.bySerial(`0x${serialOf(what, certificatePem)}`);
    // A certificate is no secret, wherever its text comes from; a step whose script is marked sensitive would print nothing.
    const pem = Fn.nonsensitive(Fn.sensitive(certificatePem)) as string;
    return new RevokedCertificate(`certificate ${Fn.base64encode(pem)}`);
  }

  private constructor(
    /**
     * The line that tells a machine of it; templates/revocation/revocation.sh reads it.
     *
     * @internal
     */
    public readonly _line: string,
  ) {}
}

/** RFC 5280 allows no longer ones. */
const MOST_OCTETS = 20;

function numberOf(serialNumber: string): bigint | undefined {
  if (serialNumber.length > 100) return undefined;
  const hex = /^[0-9a-f]{2}(:[0-9a-f]{2})+$/i.test(serialNumber)
    ? `0x${serialNumber.split(":").join("")}`
    : serialNumber;
  if (!/^(\d+|0x[0-9a-f]+)$/i.test(hex)) return undefined;
  const number = BigInt(hex);
  return number > 0 && number < BigInt(1) << BigInt(8 * MOST_OCTETS) ? number : undefined;
}

function noSerial(what: string, given: string): ValidationError {
  const bare = /^(?=.*[a-f])[0-9a-f]+$/i.test(given);
  return new ValidationError({
    what,
    given: shown(given),
    expected: `a serial number: positive, of at most ${MOST_OCTETS} octets, such as "0x3FA9", "3F:A9" or "16297"`,
    mend: bare
      ? `put 0x in front of it: ${shown(`0x${given}`)}`
      : "take it from the certificate: openssl x509 -noout -serial -in client.crt, with 0x in front",
  });
}

/** In hexadecimal. */
function serialOf(what: string, certificatePem: string): string {
  try {
    return new X509Certificate(certificatePem).serialNumber;
  } catch {
    throw new ValidationError({
      what,
      given: shown(certificatePem),
      expected: "a certificate in PEM",
      mend: "give the text of the file, from -----BEGIN CERTIFICATE----- on; or its serial number, by bySerial",
    });
  }
}
