export {
  type AssertionFacts,
  enveloped,
  exclusive,
  type ResponseFacts,
  type Signing,
  TestIdentityProvider,
} from './identity-provider.js';
