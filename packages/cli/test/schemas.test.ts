import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { outputSchemas } from './output-schemas.js';

describe('JSON Schemas of what commands print', () => {
  it.each(Object.entries(outputSchemas))('%s is published as it is tested', async (name, schema) => {
    // Answers are open: a field that a newer version adds is no error for who reads with an older schema.
    const published = z.toJSONSchema(schema, {
      unrepresentable: 'any',
      override: ({ jsonSchema }) => {
        if (jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties;
      },
    });
    await expect(`${JSON.stringify(published, null, 2)}\n`).toMatchFileSnapshot(`../schemas/${name}.json`);
  });
});
