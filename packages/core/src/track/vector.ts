import type { Scratch } from './scratch.js';

const bits = 5;
const width = 1 << bits;
const mask = width - 1;

/** Leaves hold values, all other nodes hold nodes. */
type Node = readonly unknown[];

/**
 * A list of fixed length whose versions share what they have in common: a change copies one path of nodes of 32, so it
 * costs O(log n), and every older version stays as it was. (Persistent vector: Hickey 2009, after Bagwell's tries.)
 */
export class Vector<T> {
  readonly length: number;
  readonly #root: Node;
  readonly #shift: number;

  private constructor(length: number, root: Node, shift: number) {
    this.length = length;
    this.#root = root;
    this.#shift = shift;
  }

  /** O(n). */
  static from<T>(values: readonly T[]): Vector<T> {
    let nodes: Node[] = chunks(values);
    let shift = 0;
    for (; nodes.length > 1; shift += bits) nodes = chunks(nodes);
    return new Vector(values.length, nodes[0] ?? [], shift);
  }

  /** The value at an index below the length. */
  at(index: number): T {
    let node = this.#root;
    for (let shift = this.#shift; shift > 0; shift -= bits) node = node[(index >>> shift) & mask] as Node; // inner nodes hold nodes
    return node[index & mask] as T; // leaves hold values
  }

  /** The list with another value there; nodes that were made in this fold are written in place. */
  with(index: number, value: T, scratch: Scratch): Vector<T> {
    const root = scratch.list(this.#root);
    let node = root;
    for (let shift = this.#shift; shift > 0; shift -= bits) {
      const child = scratch.list(node[(index >>> shift) & mask] as Node); // inner nodes hold nodes
      node[(index >>> shift) & mask] = child;
      node = child;
    }
    node[index & mask] = value;
    return root === this.#root ? this : new Vector(this.length, root, this.#shift);
  }

  *[Symbol.iterator](): Generator<T, undefined, undefined> {
    for (let index = 0; index < this.length; index += width) {
      let node = this.#root;
      for (let shift = this.#shift; shift > 0; shift -= bits) node = node[(index >>> shift) & mask] as Node; // inner nodes hold nodes
      yield* node as readonly T[]; // leaves hold values
    }
    return undefined;
  }
}

function chunks(values: readonly unknown[]): Node[] {
  const nodes: Node[] = [];
  for (let index = 0; index < values.length; index += width) nodes.push(values.slice(index, index + width));
  return nodes;
}
