import type { Json } from '@conductor/core/ports';

/** What the scribe is asked for: the one place that an agent reads as its instruction, the input is data. */
export const scribeAnswer: Json = {
  type: 'object',
  description: [
    'Bring the documents of the input up to date with its reasons; findings say what does not fit.',
    'Change documents of the tier that is asked for, and no others: sources are settled, archives are never edited.',
    'Change them where they lie, or answer those that change with their whole text.',
  ].join(' '),
  properties: {
    documents: {
      type: 'array',
      items: {
        type: 'object',
        properties: { path: { type: 'string' }, text: { type: 'string' } },
        required: ['path', 'text'],
      },
    },
  },
};
