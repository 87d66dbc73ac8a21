"""Right, as the chapter derives it: every derivative as a product, naive sigmoid, full softmax Jacobian."""

import numpy as np
def sigmoid(Z): return 1/(1+np.exp(-Z))
def bce(A, Y): return -np.mean(np.sum(Y*np.log(A)+(1-Y)*np.log(1-A),axis=1))
def dL_dA(A, Y): return (A-Y)/(A*(1-A))
def dA_dZ(A): return A*(1-A)
def dZ_output(A,Y): return dL_dA(A,Y)*dA_dZ(A)
def dW(dZ,A_prev): return np.mean([np.outer(d,a) for d,a in zip(dZ,A_prev)],axis=0)
def db(dZ): return np.mean(dZ,axis=0,keepdims=True).T
def dZ_hidden(dZ_next,W_next,A): return (W_next.T@dZ_next.T).T*dA_dZ(A)
def backward(X,Y,W1,b1,W2,b2):
    A1=sigmoid(X@W1.T+b1.ravel()); A2=sigmoid(A1@W2.T+b2.ravel())
    d2=dL_dA(A2,Y)*dA_dZ(A2); d1=dZ_hidden(d2,W2,A1)
    return dW(d1,X),db(d1),dW(d2,A1),db(d2)
def backward_deep(X,Y,parameters):
    A=[X]
    for W,b in parameters: A.append(sigmoid(A[-1]@W.T+b.T))
    d=dL_dA(A[-1],Y)*dA_dZ(A[-1]); g=[]
    for l in reversed(range(len(parameters))):
        g.insert(0,(dW(d,A[l]),db(d)))
        if l: d=dZ_hidden(d,parameters[l][0],A[l])
    return g
def dZ_output_for(A,Y,loss,activation):
    if loss=="cross_entropy":
        g=-Y/A
        return np.array([ (np.diag(a)-np.outer(a,a))@r for a,r in zip(A,g)])
    g=dL_dA(A,Y) if loss=="bce" else 2*(A-Y)
    return g*(A*(1-A) if activation=="sigmoid" else 1)
def dZ_hidden_for(dZ_next,W_next,Z,activation):
    s=sigmoid(Z)
    g={"sigmoid":s*(1-s),"tanh":1-np.tanh(Z)**2,"relu":(Z>0).astype(float),"identity":np.ones_like(Z)}[activation]
    return dZ_next@W_next*g
