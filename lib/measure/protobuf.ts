/** The wire types in etcd's messages. */
const VARINT = 0;
const BYTES = 2;

/** A protobuf message, as far as etcd's answers are read here: whole numbers and nested messages. */
export class ProtobufMessage {
  private readonly numbers = new Map<number, bigint>();
  private readonly parts = new Map<number, Uint8Array>();
  private at = 0;

  /** @throws Error for bytes that are no such message */
  public constructor(private readonly bytes: Uint8Array) {
    while (this.at < bytes.length) {
      const tag = Number(this.varint());
      const [field, wireType] = [tag >> 3, tag & 7];
      if (wireType === VARINT) this.numbers.set(field, this.varint());
      else if (wireType === BYTES) this.parts.set(field, this.take(Number(this.varint())));
      else throw new Error(`not a message of etcd's: field ${field} is of wire type ${wireType}`);
    }
  }

  /** A number; 0 where it is missing, as zeros are left out on the wire. */
  public number(field: number): bigint {
    return this.numbers.get(field) ?? 0n;
  }

  /** A nested message; an empty one where it is missing. */
  public message(field: number): ProtobufMessage {
    return new ProtobufMessage(this.parts.get(field) ?? new Uint8Array());
  }

  private varint(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 64n; shift += 7n) {
      const [octet] = this.take(1);
      value |= BigInt(octet & 0x7f) << shift;
      if (octet < 0x80) return value;
    }
    throw new Error("not a message of etcd's: a number of more than 64 bits");
  }

  private take(length: number): Uint8Array {
    const taken = this.bytes.subarray(this.at, this.at + length);
    if (taken.length < length) throw new Error("not a message of etcd's: it ends too soon");
    this.at += length;
    return taken;
  }
}
