import { ConductorError } from '@conductor/core';

const maxTopicLength = 512;
// eslint-disable-next-line no-control-regex -- control characters are what it looks for
const control = /[\u0000-\u001f\u007f-\u009f]/u;

/** Splits a topic that a message may have: segments without wildcards. Throws VALIDATION_FAILED. */
export function checkTopic(topic: string): readonly string[] {
  const segments = checkSegments(topic);
  if (segments.some((segment) => segment.includes('*'))) throw refused(topic, 'a wildcard stands in patterns only');
  return segments;
}

/** True for patterns that name more than one topic. */
export function isPattern(topic: string): boolean {
  return topic.includes('*');
}

/**
 * Compiles a pattern: `*` is exactly one segment, `**` at the end is one segment or more. Everything else is itself.
 * Throws VALIDATION_FAILED.
 */
export function topicMatcher(pattern: string): (topic: string) => boolean {
  const wanted = checkSegments(pattern);
  const rest = wanted.at(-1) === '**';
  const fixed = rest ? wanted.slice(0, -1) : wanted;
  if (fixed.some((segment) => segment !== '*' && segment.includes('*')))
    throw refused(pattern, '* stands for a whole segment, ** for the rest of the topic');
  return (topic) => {
    const segments = topic.split('/');
    if (rest ? segments.length <= fixed.length : segments.length !== fixed.length) return false;
    return fixed.every((segment, index) => segment === '*' || segment === segments[index]);
  };
}

function checkSegments(topic: string): readonly string[] {
  const segments = topic.split('/');
  if (topic.length > maxTopicLength) throw refused(topic, `it is longer than ${maxTopicLength} characters`);
  if (segments.includes('') || control.test(topic))
    throw refused(topic, 'a segment is empty or holds control characters');
  return segments;
}

function refused(topic: string, why: string): ConductorError {
  return new ConductorError('VALIDATION_FAILED', `${JSON.stringify(topic.slice(0, 100))} is no topic: ${why}`, {
    hint: 'Write a topic as track/<id>/queue, a pattern as track/*/queue or track/**.',
  });
}
