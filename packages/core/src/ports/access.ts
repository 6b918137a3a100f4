import type { ActorRef, Json, Opt } from './values.js';

/** Asked before every command; fails closed: a throw is a refusal. `facts` come from the shell, never from the request. */
export type Authorize = (
  request: { readonly actor: ActorRef; readonly action: string; readonly subject: string; readonly facts?: Json },
  o?: Opt,
) => Promise<
  | { readonly allow: true; readonly rule: string }
  | { readonly allow: false; readonly rule: string; readonly reason: string }
>;

/** Tells people. A throw is retried by the subscription that feeds it. */
export interface Notifier {
  readonly id: string;
  notify(
    n: {
      readonly key: string;
      readonly kind: string;
      readonly subject: string;
      readonly text: string;
      readonly data: Json;
    },
    o?: Opt,
  ): Promise<void>;
}
