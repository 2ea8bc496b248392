import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

const quotedCommands = {
  selector:
    ':not(TaggedTemplateExpression) > TemplateLiteral[expressions.length>0] > TemplateElement[tail=false][value.raw=/kubectl /]',
  message: 'A name in a printed command is quoted by commandLine`...` (src/domain/command-line.ts).',
};
const sanitizedOutput = {
  selector: 'CallExpression > MemberExpression.callee[property.name="write"]',
  message: 'Words of a cluster are sanitized by printLine (src/cli/print-line.ts) and by src/cli/output.ts.',
};

export default defineConfig(
  { ignores: ['node_modules', 'dist', '.dependency-cruiser.cjs'] },
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: {
      parserOptions: {
        projectService: { allowDefaultProject: ['eslint.config.js', 'cmd/link-node.js'] },
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      eqeqeq: ['error', 'always'],
      'no-console': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/no-floating-promises': [
        'error',
        {
          allowForKnownSafeCalls: [
            { from: 'package', name: ['test', 'it', 'describe', 'suite'], package: 'node:test' },
          ],
        },
      ],
      '@typescript-eslint/no-unnecessary-condition': ['error', { allowConstantLoopConditions: true }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
    },
  },
  { files: ['src/**/*.ts'], rules: { 'no-restricted-syntax': ['error', quotedCommands] } },
  {
    files: ['src/commands/**/*.ts'],
    rules: { 'no-restricted-syntax': ['error', quotedCommands, sanitizedOutput] },
  },
);
